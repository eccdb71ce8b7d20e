//! The index against an obviously right linear scan over the same rules.

use minewall_lists::{Builder, Category, Confidence, ListMeta, Lists, Scope};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Rule {
    name: String,
    scope: Scope,
    confidence: Confidence,
    list: usize,
}

#[derive(Clone, Debug, Default)]
struct World {
    rules: Vec<Rule>,
    allowed: Vec<String>,
    trees: Vec<String>,
    shared: Vec<String>,
    /// Names that a list excepts with all below, and the list.
    excepted: Vec<(String, usize)>,
}

/// List 0 and 1 come from outside, list 2 is the user's own.
const CATEGORIES: [Category; 3] = [Category::Pool, Category::Malware, Category::Custom];
/// The guard of the shipped data that means shared hosting; the model takes it from there.
const SHARED: &str = "ddns.net";

fn at_or_below(name: &str, above: &str) -> bool {
    name == above || name.ends_with(&format!(".{above}"))
}

impl World {
    fn index(&self) -> Lists {
        let mut builder = Builder::new();
        for name in &self.trees {
            builder.never_block(name).unwrap();
        }
        if !self.shared.is_empty() {
            builder.shipped_guard();
        }
        for (list, category) in CATEGORIES.into_iter().enumerate() {
            let rows = self.rules.iter().filter(|rule| rule.list == list);
            let row = |rule: &Rule| format!("{}\t{}\t{}\t-\t-\t-\t-\n", rule.name, rule.scope, rule.confidence);
            let excepted = self.excepted.iter().filter(|(_, of)| *of == list).map(|(name, _)| format!("@@||{name}^\n"));
            let text: String = rows.map(row).chain(excepted).collect();
            builder.add_text(ListMeta::new(&list.to_string(), category), &text);
        }
        for name in &self.allowed {
            builder.allow(name).unwrap();
        }
        builder.build()
    }

    /// Whether the rule is what stands on its place: of several on one, the user's own, else the surest, else the first.
    fn stands(&self, rule: &Rule) -> bool {
        let rank = |rule: &Rule| (rule.list == 2, rule.confidence, std::cmp::Reverse(rule.list));
        let there = self.rules.iter().filter(|other| (&other.name, other.scope) == (&rule.name, rule.scope));
        there.map(rank).max() == Some(rank(rule))
    }

    /// The rule that should win: name, scope, list and confidence.
    fn scan(&self, asked: &str) -> Option<(String, usize, Confidence)> {
        let asked = asked.to_ascii_lowercase();
        let asked = asked.strip_suffix('.').unwrap_or(&asked);
        let under = |names: &[String]| names.iter().any(|name| at_or_below(asked, name));
        if under(&self.allowed) || under(&self.trees) || self.shared.iter().any(|name| name == asked) {
            return None;
        }
        let below_shared = under(&self.shared);
        let guarded = |rule: &Rule| {
            self.shared.contains(&rule.name) || self.trees.iter().any(|tree| at_or_below(&rule.name, tree))
        };
        let matching = self.rules.iter().enumerate().filter(|(_, rule)| {
            let reach = rule.scope == Scope::Suffix && !below_shared && at_or_below(asked, &rule.name);
            let excepted = self.excepted.iter().any(|(name, list)| *list == rule.list && at_or_below(asked, name));
            !guarded(rule) && (rule.name == asked || reach) && self.stands(rule) && !excepted
        });
        // The user's own first, then the longest name, exact before suffix, then the surer, then the first
        // list.
        let best = matching.min_by_key(|(order, rule)| {
            let own = rule.list == 2;
            (
                !own,
                std::cmp::Reverse(rule.name.len()),
                rule.scope == Scope::Suffix,
                std::cmp::Reverse(rule.confidence),
                rule.list,
                *order,
            )
        });
        best.map(|(_, rule)| (rule.name.clone(), rule.list, rule.confidence))
    }
}

/// Few labels, so that names meet; one is a tail of another, so that boundaries matter.
fn name() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["a", "b", "ba", "pool", "evilpool", "x-1"]);
    let top = prop::sample::select(vec!["com", "co", "ddns.net", "net"]);
    (prop::collection::vec(label, 1..4), top).prop_map(|(labels, top)| format!("{}.{top}", labels.join(".")))
}

fn asked() -> impl Strategy<Value = String> {
    let any_case = (name(), any::<u64>(), any::<bool>()).prop_map(|(name, bits, dot)| {
        let letters = name.chars().enumerate();
        let mixed: String = letters
            .map(|(at, letter)| if bits >> (at % 64) & 1 == 1 { letter.to_ascii_uppercase() } else { letter })
            .collect();
        if dot { mixed + "." } else { mixed }
    });
    prop_oneof![8 => any_case, 1 => Just(SHARED.to_owned()), 1 => "[a-z.\\\\]{0,20}"]
}

fn world() -> impl Strategy<Value = World> {
    let scope = prop::sample::select(vec![Scope::Exact, Scope::Suffix]);
    let confidence = prop::sample::select(vec![Confidence::High, Confidence::Medium, Confidence::Low]);
    let rule = (name(), scope, confidence, 0..3usize).prop_map(|(name, scope, confidence, list)| Rule {
        name,
        scope,
        confidence,
        list,
    });
    let few = |most| prop::collection::vec(name(), 0..most);
    let excepted = prop::collection::vec((name(), 0..3usize), 0..3);
    let world = (prop::collection::vec(rule, 0..24), few(2), few(2), any::<bool>(), excepted);
    world.prop_map(|(rules, allowed, trees, shared, excepted)| {
        let shared = if shared { vec![SHARED.to_owned()] } else { Vec::new() };
        World { rules, allowed, trees, shared, excepted }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_index_answers_as_a_linear_scan(world in world(), asked in prop::collection::vec(asked(), 1..24)) {
        let index = world.index();
        for name in &asked {
            let hit = index.name(name);
            let got = hit.map(|hit| (hit.entry.to_ascii_lowercase(), hit.list.name.parse().unwrap(), hit.confidence));
            // A name with an escaped dot has other labels than the model sees.
            if !name.contains('\\') {
                prop_assert_eq!(got, world.scan(name), "{}", name);
            }
            if let Some(hit) = hit {
                prop_assert!(name.trim_end_matches('.').ends_with(hit.entry), "in the letters of the question");
                prop_assert_eq!(hit.category, hit.list.category);
            }
        }
    }

    #[test]
    fn any_text_is_counted_whole(text in "(\\PC{0,30}\n){0,20}") {
        let mut builder = Builder::new();
        let tally = builder.add_text(ListMeta::new("any", Category::Custom), &text);
        let refusals: usize = tally.refusals().map(|(_, refusal)| refusal.count).sum();
        prop_assert_eq!(refusals, tally.rejected());
        for (_, refusal) in tally.refusals() {
            prop_assert!((1..=text.lines().count()).contains(&refusal.first_line));
        }
        prop_assert_eq!(builder.build().len(), tally.accepted);
    }
}
