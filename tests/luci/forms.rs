//! What is saved in a form, and what is refused there.

use serde_json::{Value, json};

use super::browser::Browser;
use super::school::{School, looks_right};
use crate::cli::program::{Files, minewall};

/// Sets a field of the section `global`.
fn set(browser: &mut Browser, option: &str, value: &str) {
    browser.run(&format!(
        "(() => {{ const field = document.getElementById('widget.cbid.minewall.global.{option}'); field.value = {}; \
         field.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()",
        json!(value)
    ));
}

#[test]
fn settings_are_saved_as_changes_of_uci() {
    let school = School::new("en", true);
    let mut browser = school.browser();
    browser.size(1280, 900);
    browser.open(&school.router.page("settings"));
    // What is not so is refused as a whole, and says where it stands.
    set(&mut browser, "mode", "block");
    set(&mut browser, "queue_length", "5");
    browser.click(".cbi-button-save");
    browser.wait("document.body.classList.contains('modal-overlay-active')");
    let told = browser.text("document.querySelector('.modal').innerText");
    assert!(told.contains("Packets in a queue") && told.contains("range"), "{told}");
    assert_eq!(school.router.uci(|uci| uci.changes.clone()), Vec::<Value>::new());
    assert!(browser.complaints().iter().all(|told| told.contains("Packets in a queue")), "it is told once more there");
    browser.click(".modal .cbi-button");

    for (option, bad) in [("mark", "0x10000000"), ("utc_offset", "8"), ("inventory", "hosts.csv"), ("grace", "-1")] {
        set(&mut browser, option, bad);
        assert_eq!(browser.run(&format!("document.getElementById('widget.cbid.minewall.global.{option}').classList.contains('cbi-input-invalid')")), true, "{option}");
        set(&mut browser, option, "");
    }
    set(&mut browser, "queue_length", "2048");
    browser.run("document.querySelector('[id=\"widget.cbid.minewall.global.inside\"]').value = '10.9.0.0/16'");
    browser.click("[id='cbid.minewall.global.inside'] .cbi-button-add");
    set(&mut browser, "mode", "block");
    browser.click(".cbi-button-apply");
    browser.wait("document.body.dataset.applied");
    assert_eq!(school.router.uci(|uci| uci.applied), 1);
    let text = school.router.uci(|uci| uci.text());
    for line in [
        "\toption mode 'block'",
        "\toption queue_length '2048'",
        "\tlist inside '192.168.1.0/24'",
        "\tlist inside '10.9.0.0/16'",
        "\tlist allow 'pool.example.edu'",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is not in {text}");
    }
    // What was not touched is not written.
    for option in ["mark", "backend", "reader", "privacy"] {
        assert!(!text.contains(&format!("option {option} ")), "{text}");
    }
    is_taken(&school.files, &text);
    looks_right(&mut browser, 1280);
}

#[test]
fn exceptions_are_added_and_taken_away() {
    let school = School::new("en", true);
    let mut browser = school.browser();
    browser.size(1280, 900);
    browser.open(&school.router.page("lists"));
    browser.click("[data-add=exempt]");
    browser.wait("document.querySelectorAll('.cbi-section-remove').length === 2");
    let fill = "(() => { const field = (name, value) => { const all = document.querySelectorAll(`[data-name=${name}] input`); const last = all[all.length - 1]; last.value = value; last.dispatchEvent(new Event('input', { bubbles: true })); }; \
                field('prefix', '192.168.9.0/24'); field('owner', 'Dr. Wu'); field('reason', 'thesis'); field('expires', '2027-06-30'); })()";
    browser.run(fill);
    browser.click(".cbi-button-save");
    browser.wait("document.querySelectorAll('.cbi-button-save[disabled]').length === 0");
    minewall_lab::until(std::time::Duration::from_secs(30), || {
        school.router.uci(|uci| uci.text().contains("Dr. Wu").then_some(()))
    });
    let text = school.router.uci(|uci| uci.text());
    assert!(
        text.contains("\toption prefix '192.168.9.0/24'") && text.contains("\toption expires '2027-06-30'"),
        "{text}"
    );
    is_taken(&school.files, &text);
    browser.click(".cbi-section-remove button");
    minewall_lab::until(std::time::Duration::from_secs(30), || {
        school.router.uci(|uci| (!uci.text().contains("Prof. Chen")).then_some(()))
    });
    assert!(!school.router.uci(|uci| uci.text()).contains("Prof. Chen"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What was saved is what `minewall uci` takes.
fn is_taken(files: &Files, text: &str) {
    let file = files.write("saved", text);
    let ran = minewall(&["uci", &file]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{text}\n{}", ran.out);
}
