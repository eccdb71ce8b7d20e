//! Names, one a line: `a.b`, `.a.b`, `*.a.b`. The name and everything below it.

use super::{Line, Out, State, word};
use crate::kind::Scope;

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let claimed = word::has_name_shape(line.bare);
    if claimed {
        word::give_name(word::below(line.bare), Scope::Suffix, false, out);
    }
    claimed
}
