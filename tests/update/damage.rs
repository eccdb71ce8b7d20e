//! What is kept is damaged: the other generation is used, else the shipped lists, and it is said.

use std::fs;

use super::place::Place;

/// Two generations: `first.example` in both, `second.example` in the second.
fn kept() -> Place {
    let place = Place::new(&[("one", ""), ("same", "")]);
    place.serve("one", "first.example\n");
    place.serve("same", "same.example\n");
    place.update(&[]).must(0, &[]);
    place.serve("one", "first.example\nsecond.example\n");
    place.update(&[]).must(0, &[]);
    place
}

#[test]
fn the_former_generation_is_used_instead() {
    for damage in [
        |place: &Place| fs::write(place.store().join("generation-2/one.list"), "first.example\nsecond.exbmple\n"),
        |place: &Place| fs::write(place.store().join("generation-2/state.json"), "{\"format_version\": 1, \"gen"),
        |place: &Place| fs::write(place.store().join("generation-2/state.json"), ""),
        |place: &Place| fs::remove_file(place.store().join("generation-2/one.list")),
        |place: &Place| fs::remove_dir_all(place.store().join("generation-2")),
        |place: &Place| {
            let path = place.store().join("generation-2/state.json");
            let text = fs::read_to_string(&path)?;
            fs::write(path, text.replace("\"format_version\": 1", "\"format_version\": 9"))
        },
    ] {
        let place = kept();
        damage(&place).unwrap();
        let words = ["generation 2 of the lists cannot be used", "generation 1 of the lists is used instead"];
        place.run(&["check", "first.example"]).must(0, &words);
        place.run(&["check", "second.example"]).must(1, &words);
        place.run(&["check", "pool.supportxmr.com"]).must(0, &words);
        place.run(&["lists", "status"]).must(1, &words);
        // An update repairs it.
        place.update(&[]).must(0, &words).must(0, &["one: 2 entries, 1 before", "the lists have changed"]);
        assert!(place.lists("second.example") && place.lists("same.example"));
        assert_eq!(place.entries().len(), 3, "{:?}", place.entries());
    }
}

#[test]
fn a_damaged_generation_is_replaced_even_when_nothing_is_new() {
    let place = kept();
    place.serve("one", "first.example\n");
    fs::remove_file(place.store().join("generation-2/one.list")).unwrap();
    place.update(&[]).must(0, &["one: unchanged", "the lists have changed"]);
    assert!(place.lists("first.example") && !place.lists("second.example"));
    let place = kept();
    fs::remove_file(place.store().join("generation-2/one.list")).unwrap();
    place.run(&["lists", "rollback"]).must(0, &["one: 1 entries"]);
    assert!(place.lists("first.example") && !place.lists("second.example"));
}

#[test]
fn without_any_the_shipped_lists_are_used() {
    let place = kept();
    // The same file in both generations.
    fs::write(place.store().join("current/same.list"), "game.example\n").unwrap();
    let words = ["generation 2 of the lists cannot be used", "no other generation can be"];
    place.run(&["check", "first.example"]).must(1, &words);
    place.run(&["check", "pool.supportxmr.com"]).must(0, &words);
    let ran = place.run(&["check-config"]);
    ran.must(0, &words).must(0, &["the configuration is sound"]);
    place.update(&[]).must(0, &["same: 1 entries, new"]);
    assert!(place.lists("same.example") && place.lists("second.example"));
}

#[test]
fn a_link_that_leads_nowhere_and_notes_that_cannot_be_read_harm_nothing() {
    let place = kept();
    fs::write(place.path("run/lists/attempts.json"), "{\"one\": 7").unwrap();
    place.update(&[]).must(0, &["one: unchanged"]);
    let link = place.store().join("current");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("../../etc", &link).unwrap();
    assert!(!place.lists("first.example"));
    place.update(&[]).must(0, &["one: 2 entries, new"]);
    assert!(place.lists("first.example"));
    assert_eq!(fs::read_link(&link).unwrap().to_str(), Some("generation-3"));
}
