//! What a page is made of, as far as it takes to find a report: its title, its links, and how many figures stand in
//! its tables. The page is tokenized and not built into a tree, so the cost grows with its length only.

use std::cell::RefCell;

use html5ever::interface::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::label::LabelPages;
use crate::records::{Paging, Records};

/// Links of a page that are looked at; a list page of a site has some hundreds.
const LINKS: usize = 5_000;
/// Characters of a text that are kept.
const CHARACTERS: usize = 300;
/// Bytes of scripts that are searched for the number of further pages.
const SCRIPT_BYTES: usize = 256 << 10;

/// What a page is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The `<title>`.
    pub(crate) title: String,
    /// The links, in the order of the page.
    pub(crate) links: Vec<Link>,
    /// The `<base href>`.
    pub(crate) base: Option<String>,
    /// Where `<meta http-equiv="refresh">` leads.
    pub(crate) refresh: Option<String>,
    /// Cells of tables in which nothing but a number stands.
    pub(crate) figures: usize,
    /// The pages of a list, as the script of the site writes links to them.
    pub(crate) pages: Option<Pages>,
    /// The records of a list in a script, and how the page asks for further ones.
    pub(crate) records: Option<Records>,
    pub(crate) paging: Option<Paging>,
    /// How the page asks the label service of the site for the pages of a list.
    pub(crate) label: Option<LabelPages>,
}

/// A link, or a document that the page embeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its text, or its `title` where the text was cut with an ellipsis.
    pub(crate) text: String,
    /// The address, as it stands there.
    pub(crate) href: String,
}

/// `createPageHTML(count, current, "index", "html")`, which writes the links `index_1.html` and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pages {
    /// How many pages there are.
    pub(crate) count: usize,
    /// The name of the first, without its extension.
    pub(crate) name: String,
    /// The extension.
    pub(crate) extension: String,
}

impl Outline {
    /// The outline of a decoded page.
    pub(crate) fn of(page: &str) -> Self {
        Self::made(page, State::default())
    }

    /// The outline of a part of a page, whose scripts are left alone.
    pub(crate) fn of_fragment(part: &str) -> Self {
        Self::made(part, State { is_fragment: true, ..State::default() })
    }

    fn made(page: &str, state: State) -> Self {
        let tokenizer = Tokenizer::new(Sink(RefCell::new(state)), TokenizerOpts::default());
        let buffer = BufferQueue::default();
        buffer.push_back(StrTendril::from_slice(page));
        while !matches!(tokenizer.feed(&buffer), TokenizerResult::Done) {}
        tokenizer.end();
        let mut state = tokenizer.sink.0.into_inner();
        state.end_link();
        state.end_script();
        state.outline.title = squeezed(&state.outline.title);
        state.outline
    }
}

struct Sink(RefCell<State>);

#[derive(Default)]
struct State {
    outline: Outline,
    /// The link that is open, with its `title`.
    link: Option<(Link, String)>,
    /// The text of the cell that is open.
    cell: Option<String>,
    script: Option<String>,
    is_in_title: bool,
    is_fragment: bool,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let get = |name: &str| {
            let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
            found.map(|attribute| attribute.value.trim().to_owned())
        };
        match &*tag.name {
            "a" => {
                self.end_link();
                let link = Link { href: get("href").unwrap_or_default(), text: String::new() };
                self.link = Some((link, get("title").unwrap_or_default()));
            }
            "iframe" | "embed" | "object" => {
                let href = get("src").or_else(|| get("data")).unwrap_or_default();
                self.push(Link { text: get("title").unwrap_or_default(), href });
            }
            "img" => {
                let alt = get("alt").unwrap_or_default();
                self.text(&alt);
            }
            "base" => self.outline.base = self.outline.base.take().or_else(|| get("href")),
            "meta" if get("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")) => {
                self.outline.refresh = get("content").as_deref().and_then(refresh);
            }
            "td" | "th" => {
                self.end_cell();
                self.cell = Some(String::new());
            }
            "tr" => self.end_cell(),
            "title" => {
                self.is_in_title = self.outline.title.is_empty();
                return TokenSinkResult::RawData(Rcdata);
            }
            "textarea" => return TokenSinkResult::RawData(Rcdata),
            "style" | "xmp" | "noframes" => return TokenSinkResult::RawData(Rawtext),
            "script" => {
                self.script = Some(String::new());
                return TokenSinkResult::RawData(ScriptData);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        match name {
            "a" => self.end_link(),
            "td" | "th" | "tr" | "table" => self.end_cell(),
            "title" => self.is_in_title = false,
            "script" => self.end_script(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(script) = &mut self.script {
            if script.len() < SCRIPT_BYTES {
                script.push_str(text);
            }
            return;
        }
        if self.is_in_title {
            append(&mut self.outline.title, text);
            return;
        }
        if let Some((link, _)) = &mut self.link {
            append(&mut link.text, text);
        }
        if let Some(cell) = &mut self.cell {
            append(cell, text);
        }
    }

    fn end_link(&mut self) {
        let Some((mut link, title)) = self.link.take() else { return };
        link.text = squeezed(&link.text);
        let is_cut = ["…", "...", ".."].iter().any(|end| link.text.ends_with(end));
        if link.text.is_empty() || is_cut && !title.is_empty() {
            link.text = squeezed(&title);
        }
        self.push(link);
    }

    fn push(&mut self, link: Link) {
        let scheme = link.href.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let leads = !link.href.is_empty()
            && !link.href.starts_with('#')
            && !["javascript", "mailto", "tel", "about", "data"].contains(&scheme.as_str());
        if leads && self.outline.links.len() < LINKS {
            self.outline.links.push(link);
        }
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        let cell = cell.trim();
        if !cell.is_empty() && cell.chars().all(|char| char.is_ascii_digit() || char == '.') {
            self.outline.figures += 1;
        }
    }

    fn end_script(&mut self) {
        let Some(script) = self.script.take().filter(|_| !self.is_fragment) else { return };
        if self.outline.records.is_none() {
            self.outline.records = Records::of(&script);
        }
        if self.outline.paging.is_none() {
            self.outline.paging = Paging::of(&script);
        }
        if self.outline.label.is_none() {
            self.outline.label = LabelPages::of(&script);
        }
        if self.outline.pages.is_none() {
            self.outline.pages = pages(&script);
        }
    }
}

/// Adds a text, up to the limit.
fn append(to: &mut String, text: &str) {
    let room = (4 * CHARACTERS).saturating_sub(to.len());
    to.push_str(&text[..text.floor_char_boundary(room.min(text.len()))]);
}

/// The text in one line, without white space at its ends.
fn squeezed(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(CHARACTERS).collect()
}

/// The address in `0; url=next.html`.
fn refresh(content: &str) -> Option<String> {
    let at = content.to_ascii_lowercase().find("url")?;
    let address = content[at + 3..].trim_start().strip_prefix('=')?;
    let address = address.trim().trim_matches(['"', '\'']);
    (!address.is_empty()).then(|| address.to_owned())
}

/// The call in a script that writes the links to further pages.
fn pages(script: &str) -> Option<Pages> {
    let (_, after) = script.split_once("createPageHTML(")?;
    let (arguments, _) = after.split_once(')')?;
    let arguments: Vec<&str> = arguments.split(',').map(|one| one.trim().trim_matches(['"', '\''])).collect();
    // With the name of the element first, as newer templates write it.
    let arguments = match &arguments[..] {
        [first, rest @ ..] if first.parse::<usize>().is_err() => rest,
        all => all,
    };
    let [count, _, name, extension, ..] = arguments else { return None };
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (is_plain(name) && is_plain(extension)).then_some(())?;
    Some(Pages { count: count.parse().ok()?, name: (*name).to_owned(), extension: (*extension).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_outlined() {
        let outline = Outline::of(
            "<title>年度\n报告</title><base href=/b/><script>if(a<b)document.write('<a href=x>');\
             createPageHTML(3, 0, \"index\", \"html\")</script><meta http-equiv=Refresh content='0; URL=\"n.html\"'>\
             <ul><li><a href='a.html' title='全名'>很长的…</a><a href=\"b.pdf?x=1&amp;y=2\"><b>乙</b> 文</a>\
             <a href='javascript:void(0)'>无</a><a href=#top>上</a><a href=c><img alt=图></a>\
             <table><tr><td> 12 <td>3.5<td>a<tr><th>7</table><iframe src=/d.pdf></iframe><a href=e>末",
        );
        let links: Vec<(&str, &str)> =
            outline.links.iter().map(|link| (link.text.as_str(), link.href.as_str())).collect();
        let expected =
            [("全名", "a.html"), ("乙 文", "b.pdf?x=1&y=2"), ("图", "c"), ("", "/d.pdf"), ("末", "e")];
        assert_eq!(links, expected);
        assert_eq!((outline.title.as_str(), outline.figures), ("年度 报告", 3));
        assert_eq!((outline.base.as_deref(), outline.refresh.as_deref()), (Some("/b/"), Some("n.html")));
        assert_eq!(outline.pages.map(|pages| (pages.count, pages.name)), Some((3, "index".into())));
    }

    #[test]
    fn pages_are_counted_as_the_site_does() {
        let count = |script: &str| pages(script).map(|pages| pages.count);
        assert_eq!(count("createPageHTML('page-div',12, 0,'index','shtml',300);"), Some(12));
        assert_eq!(count("createPageHTML(n, 0, \"index\", \"html\")"), None);
        assert_eq!(count("createPageHTML(2, 0, \"../index\", \"html\")"), None);
        assert_eq!(count("other()"), None);
    }

    #[test]
    fn nothing_a_page_contains_is_kept_without_limit() {
        let outline = Outline::of(&format!("{}<a href=b>{}", "<a href=a>".repeat(9_999), "字".repeat(9_999)));
        assert_eq!(outline.links.len(), LINKS);
        assert!(outline.links.iter().all(|link| link.text.len() <= 4 * CHARACTERS));
    }
}
