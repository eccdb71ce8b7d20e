//! The text of a UCI file, or of `uci export`, read as libuci reads it: words in quotes of both kinds, a backslash that
//! takes the next letter as it is, comments, several lines in one value.

use std::fmt;

/// The sections of one file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) sections: Vec<Section>,
}

/// `config KIND 'NAME'` and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) kind: String,
    /// Anonymous sections have none.
    pub(super) name: Option<String>,
    /// Each name once.
    pub(super) options: Vec<Given>,
    /// The line it begins in.
    pub(super) line: usize,
}

/// An option with its value, or a list with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) values: Vec<String>,
    pub(super) is_list: bool,
}

/// A text that libuci would refuse as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The line where it was noticed.
    pub(super) line: usize,
    what: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Package {
    /// Reads the sections of the package `own`; those of others, in an export of several, are passed over. What stands
    /// before any `package` is its own.
    ///
    /// # Errors
    /// The line, and what libuci would stumble over there.
    pub(super) fn read(text: &str, own: &str) -> Result<Self, Unreadable> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, line: 1 };
        let mut package = Self::default();
        let mut is_own = true;
        // What options belong to.
        let mut current = None;
        while let Some(keyword) = reader.keyword()? {
            let line = reader.line;
            let first = reader.required(&keyword)?;
            let second = reader.word()?;
            reader.end()?;
            match keyword.as_str() {
                "package" => {
                    is_own = first == own;
                    current = None;
                }
                "config" => {
                    current = Some(package.section(first, second, line, is_own).map_err(|what| wrong(line, what))?)
                }
                _ => {
                    let Some(at) = current else {
                        return Err(wrong(
                            line,
                            format!("{keyword} {first} stands before any section; write \"config ...\" ahead of it"),
                        ));
                    };
                    if !is_name(&first) {
                        return Err(wrong(line, format!("{first:?} is no name of an option: letters, digits and _")));
                    }
                    if let Some(section) = at.and_then(|at: usize| package.sections.get_mut(at)) {
                        section.give(first, second, keyword == "list");
                    }
                }
            }
        }
        Ok(package)
    }

    /// Begins a section, or goes on with the one of this name. Gives its place; none where it is another package's.
    fn section(&mut self, kind: String, name: String, line: usize, is_own: bool) -> Result<Option<usize>, String> {
        if !kind.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("{kind:?} is no type of a section"));
        }
        if !is_own {
            return Ok(None);
        }
        if !name.is_empty() {
            if !is_name(&name) {
                return Err(format!("{name:?} is no name of a section: letters, digits and _"));
            }
            if let Some(at) = self.sections.iter().position(|section| section.name.as_deref() == Some(&name)) {
                let known = self.sections.get(at).is_some_and(|section| section.kind == kind);
                return if known {
                    Ok(Some(at))
                } else {
                    Err(format!("another section is called {name:?}, of another type"))
                };
            }
        }
        let name = Some(name).filter(|name| !name.is_empty());
        self.sections.push(Section { kind, name, options: Vec::new(), line });
        Ok(Some(self.sections.len() - 1))
    }

    /// A section as `uci show` names it: `global`, or `@feed[0]` where it has no name.
    pub(super) fn shown(&self, at: usize) -> String {
        let Some(section) = self.sections.get(at) else { return String::new() };
        match &section.name {
            Some(name) => name.clone(),
            None => {
                let before = self.sections.iter().take(at).filter(|other| other.kind == section.kind).count();
                format!("@{}[{before}]", section.kind)
            }
        }
    }
}

impl Section {
    /// An option without a value changes nothing, a second list with the same name goes on with the first.
    fn give(&mut self, name: String, value: String, is_list: bool) {
        let at = self.options.iter().position(|given| given.name == name);
        match at.and_then(|at| self.options.get_mut(at)) {
            Some(given) if is_list => {
                given.values.push(value);
                given.is_list = true;
            }
            _ if value.is_empty() && !is_list => {}
            Some(given) => *given = Given { name, values: vec![value], is_list },
            None => self.options.push(Given { name, values: vec![value], is_list }),
        }
    }

    /// What is given by this name.
    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.options.iter().find(|given| given.name == name)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn wrong(line: usize, what: impl Into<String>) -> Unreadable {
    Unreadable { line, what: what.into() }
}

/// A place in the text.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }

    /// Skips what separates words of a line.
    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c')) {
            self.at += 1;
        }
    }

    fn rest_of_line(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    /// The word that says what a statement is; none at the end of the text.
    fn keyword(&mut self) -> Result<Option<String>, Unreadable> {
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok(None),
                Some(b'\n') => _ = self.next(),
                Some(b'#') => self.rest_of_line(),
                Some(_) => break,
            }
        }
        let from = self.at;
        while self.peek().is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b'\n')) {
            self.at += 1;
        }
        let word = String::from_utf8_lossy(self.bytes.get(from..self.at).unwrap_or_default());
        let long = ["package", "config", "option", "list"]
            .into_iter()
            .find(|long| *long == word || long.get(..1) == Some(&word));
        match long {
            Some(long) => Ok(Some(long.to_owned())),
            None => Err(wrong(self.line, format!("{word:?} is none of: config, option, list, package"))),
        }
    }

    fn required(&mut self, keyword: &str) -> Result<String, Unreadable> {
        let line = self.line;
        let word = self.word()?;
        if word.is_empty() { Err(wrong(line, format!("a name is missing behind {keyword}"))) } else { Ok(word) }
    }

    /// The next word of this line; empty where there is none.
    fn word(&mut self) -> Result<String, Unreadable> {
        self.blanks();
        let (mut word, mut is_bare) = (Vec::new(), false);
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c' | b'\n' => break,
                // uci itself loses the rest of the line here, without a word.
                b';' if is_bare => {
                    return Err(wrong(self.line, "a semicolon right behind a word; begin a new line for what follows"));
                }
                b';' => break,
                b'#' => {
                    self.rest_of_line();
                    break;
                }
                b'\'' | b'"' => self.quoted(&mut word)?,
                b'\\' => self.escaped(&mut word),
                _ => {
                    word.push(byte);
                    self.at += 1;
                }
            }
            is_bare = !matches!(byte, b'\'' | b'"');
        }
        Ok(String::from_utf8_lossy(&word).into_owned())
    }

    /// What stands in quotes, which may be several lines; in double ones a backslash takes the next letter as it is.
    fn quoted(&mut self, word: &mut Vec<u8>) -> Result<(), Unreadable> {
        let line = self.line;
        let quote = self.next();
        while let Some(byte) = self.peek() {
            match byte {
                _ if Some(byte) == quote => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' if quote == Some(b'"') => self.escaped(word),
                _ => {
                    word.push(byte);
                    _ = self.next();
                }
            }
        }
        let quote = quote.map_or('"', char::from);
        Err(wrong(line, format!("the quote {quote} that opens here is not closed")))
    }

    /// What follows a backslash: the end of a line is left out, anything else stands for itself.
    fn escaped(&mut self, word: &mut Vec<u8>) {
        self.at += 1;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(b"\r\n") {
            self.at += 1;
        }
        match self.next() {
            Some(b'\n') | None => {}
            Some(byte) => word.push(byte),
        }
    }

    /// The end of a statement: that of its line, a semicolon or a comment.
    fn end(&mut self) -> Result<(), Unreadable> {
        let line = self.line;
        self.blanks();
        match self.peek() {
            None | Some(b'\n') => Ok(()),
            Some(b'#') => {
                self.rest_of_line();
                Ok(())
            }
            Some(b';') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => {
                let more = self.word()?;
                Err(wrong(line, format!("{more:?} is one word too many; put values with blanks in quotes")))
            }
        }
    }
}
