//! Our own format: name, scope, confidence, kind, coins, ports, date with tabs between them; `-` for nothing.

use super::{Line, Out, State, word};
use crate::{
    entry::{Entry, Target},
    name,
    tally::Reason,
};

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let mut columns = line.bare.split('\t').map(|column| if column == "-" { "" } else { column });
    let mut next = || columns.next();
    let (Some(name), Some(scope), Some(confidence), Some(kind), Some(coins), Some(ports), Some(date), None) =
        (next(), next(), next(), next(), next(), next(), next(), next())
    else {
        return false;
    };
    let Ok(scope) = scope.parse() else {
        return false;
    };
    let read = || {
        let target = match name.parse().map_err(|_| Reason::NotAName).and_then(word::host) {
            Ok(address) => Target::Address(address),
            Err(Reason::ReservedAddress) => return Err(Reason::ReservedAddress),
            Err(_) => Target::Name(name::check(name)?),
        };
        let confidence = Some(confidence.parse().map_err(|_| Reason::BadColumn)?);
        let ports = word::ports(ports)?;
        Ok(Entry { target, except: false, scope, confidence, kind, coins, ports, date })
    };
    out(read());
    true
}
