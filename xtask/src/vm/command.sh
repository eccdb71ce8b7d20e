# What the virtual machine does, its root in place; TASKS stands for the commands. Their output and at the end the exit
# status go out by ports of their own, found by name.
port() {
    while ! name=$(grep -lx "$1" /sys/class/virtio-ports/*/name); do sleep 0.1; done
    echo "/dev/$(basename "$(dirname "$name")")"
}
ip link set lo up
# By a pipe: the tasks see no terminal, and a port takes one writer.
{
    (
        set -e
TASKS
    ) </dev/null 2>&1
    echo $? >/run/status
} | cat >"$(port output)"
cat /run/status >"$(port status)"
echo o >/proc/sysrq-trigger
sleep 60
