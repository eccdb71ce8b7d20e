#!/bin/busybox sh
# The first program of the virtual machine: takes the machine outside for its root, read-only, with what is written kept
# in memory; there the kernel's modules are put in place and /command is run. See ../vm.rs.
set -e
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module"; done

mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 root /outside
mount -t tmpfs -o size=75% written /written
mkdir -p /written/upper/etc /written/work
# Hides the one outside, in which labs come and go too, behind a directory of our own.
mknod /written/upper/etc/netns c 0 0
mount -t overlay -o lowerdir=/outside,upperdir=/written/upper,workdir=/written/work root /root
mkdir /root/etc/netns
modules=/root/lib/modules/$(uname -r)
mkdir -p "$modules" /root/proc /root/sys /root/dev /root/run
mount --bind "/root$(cat /modules/directory)" "$modules"

mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup
for place in proc sys dev; do mount --move "/$place" "/root/$place"; done
mount -t tmpfs run /root/run
mkdir -p /root/run/netns /root/run/lock
# For labs, in place of /tmp: what other labs remove outside, under the overlay, would break it.
mkdir -m 1777 /root/run/tmp
ln -s /proc/self/fd /root/dev/fd
ln -s fd/0 /root/dev/stdin
ln -s fd/1 /root/dev/stdout
ln -s fd/2 /root/dev/stderr
cp /command /root/run/command
exec switch_root /root /bin/sh /run/command
