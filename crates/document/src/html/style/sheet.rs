//! Style sheets to rules, each with one selector.

use std::rc::Rc;

use cssparser::{
    AtRuleParser, CowRcStr, DeclarationParser, ParseError, Parser, ParserState, QualifiedRuleParser,
    RuleBodyItemParser, RuleBodyParser, StyleSheetParser, parse_important,
};
use scraper::selector::Simple;
use selectors::parser::{Component, ParseRelative, Selector, SelectorList, SelectorParseErrorKind};

use super::property::{Declaration, settings};
use super::screen;

/// Rules of one page. A page saved with all the style sheets of its site has some ten thousand.
const MOST_RULES: usize = 50_000;
/// Characters of a selector. Longer ones come from nesting that multiplies itself.
const LONGEST_SELECTOR: usize = 4_000;

/// A selector and what it declares.
pub(super) struct Rule {
    pub(super) selector: Selector<Simple>,
    pub(super) part: ElementPart,
    pub(super) declarations: Rc<[Declaration]>,
    /// Layers lose against everything outside of layers.
    pub(super) is_layered: bool,
    /// Whether it looks at other elements, and whether at all beside it.
    pub(super) looks_around: bool,
    pub(super) is_of_siblings: bool,
    /// Whether it looks at what is in an element.
    pub(super) looks_inside: bool,
}

/// What of an element a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementPart {
    Whole,
    Before,
    After,
    FirstLetter,
}

/// The rules of a page.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) rules: Vec<Rule>,
    /// Whether there are more than are read.
    pub(super) are_cut: bool,
}

impl Rules {
    /// Adds the rules of a style sheet.
    pub(super) fn add(&mut self, sheet: &str) {
        let mut reader = Reader { rules: self, open: Vec::new(), layers: 0 };
        let mut input = Parser::new(sheet);
        StyleSheetParser::new(&mut input, &mut reader).for_each(drop);
    }
}

/// The declarations of a `style` attribute.
pub(super) fn declarations(style: &str) -> Vec<Declaration> {
    let mut rules = Rules::default();
    let open = vec![Open { selectors: String::new(), declarations: Vec::new() }];
    let mut reader = Reader { rules: &mut rules, open, layers: 0 };
    let mut input = Parser::new(style);
    RuleBodyParser::new(&mut input, &mut reader).for_each(drop);
    reader.open.pop().map(|open| open.declarations).unwrap_or_default()
}

struct Reader<'r> {
    rules: &'r mut Rules,
    /// The style rules that are open, each inside the one before.
    open: Vec<Open>,
    layers: usize,
}

struct Open {
    selectors: String,
    declarations: Vec<Declaration>,
}

/// What to do with the block of an at-rule.
#[derive(Clone, Copy)]
enum Block {
    Read,
    Layer,
    Skip,
}

impl Reader<'_> {
    fn end_rule(&mut self) {
        let Some(Open { selectors, declarations }) = self.open.pop() else { return };
        if declarations.is_empty() {
            return;
        }
        let declarations: Rc<[Declaration]> = declarations.into();
        for text in branches(&selectors) {
            if self.rules.rules.len() >= MOST_RULES || text.len() > LONGEST_SELECTOR {
                self.rules.are_cut = true;
                return;
            }
            let (text, part) = without_part(text);
            let is_of_siblings = text.contains('~') || text.contains("last-") || text.contains("only-");
            let mut input = Parser::new(&text);
            if let Ok(list) = SelectorList::parse(&Selectors, &mut input, ParseRelative::No)
                && let Some(selector) = list.slice().first()
            {
                let is_other = |component: &Component<Simple>| matches!(component, Component::Combinator(_));
                self.rules.rules.push(Rule {
                    looks_around: selector.iter_raw_match_order().any(is_other),
                    selector: selector.clone(),
                    part,
                    declarations: declarations.clone(),
                    is_layered: self.layers > 0,
                    is_of_siblings,
                    looks_inside: text.contains(":has("),
                });
            }
        }
    }
}

impl<'i> QualifiedRuleParser<'i> for Reader<'_> {
    type Prelude = String;
    type QualifiedRule = ();
    type Error = ();

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<String, ParseError<()>> {
        let own = rest(input);
        let Some(outer) = self.open.last() else { return Ok(own.to_owned()) };
        // A rule inside a rule is about what the outer one is about.
        let outer = format!(":is({})", outer.selectors);
        let inner = branches(own).map(|own| match own.contains('&') {
            true => own.replace('&', &outer),
            false => format!("{outer} {own}"),
        });
        let combined: Vec<String> = inner.collect();
        let combined = combined.join(",");
        if combined.len() > LONGEST_SELECTOR * 16 {
            self.rules.are_cut = true;
            return Err(ParseError::custom(()));
        }
        Ok(combined)
    }

    fn parse_block(
        &mut self,
        selectors: String,
        _start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        self.open.push(Open { selectors, declarations: Vec::new() });
        RuleBodyParser::new(input, &mut *self).for_each(drop);
        self.end_rule();
        Ok(())
    }
}

impl<'i> DeclarationParser<'i> for Reader<'_> {
    type Declaration = ();
    type Error = ();

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        _start: &ParserState,
    ) -> Result<(), ParseError<()>> {
        let start = input.position();
        let (end, is_important) = loop {
            let end = input.position();
            if input.try_parse(parse_important).is_ok() {
                break (end, true);
            }
            if input.next().is_err() {
                break (input.position(), false);
            }
        };
        // Behind a colon `{` means that this was a selector: `a:hover {`.
        if input.slice(start..end).contains('{') {
            return Err(ParseError::custom(()));
        }
        if let Some(open) = self.open.last_mut() {
            let settings = settings(&name, input.slice(start..end)).into_iter();
            open.declarations.extend(settings.map(|setting| Declaration { setting, is_important }));
        }
        Ok(())
    }
}

impl<'i> AtRuleParser<'i> for Reader<'_> {
    type Prelude = Block;
    type AtRule = ();
    type Error = ();

    fn parse_prelude(&mut self, name: CowRcStr<'i>, input: &mut Parser<'i>) -> Result<Block, ParseError<()>> {
        let condition = rest(input).to_ascii_lowercase();
        Ok(match name.to_ascii_lowercase().as_str() {
            "media" if screen::matches(&condition) => Block::Read,
            "supports" if !condition.trim_start().starts_with("not") => Block::Read,
            "container" => {
                let at = condition.find('(').unwrap_or_default();
                if screen::matches(condition.get(at..).unwrap_or_default()) {
                    Block::Read
                } else {
                    Block::Skip
                }
            }
            "scope" => Block::Read,
            "layer" => Block::Layer,
            _ => Block::Skip,
        })
    }

    fn rule_without_block(&mut self, _prelude: Block, _start: &ParserState) -> Result<(), ()> {
        Ok(())
    }

    fn parse_block(
        &mut self,
        block: Block,
        _start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        if matches!(block, Block::Skip) {
            return Ok(());
        }
        self.layers += usize::from(matches!(block, Block::Layer));
        RuleBodyParser::new(input, &mut *self).for_each(drop);
        self.layers -= usize::from(matches!(block, Block::Layer));
        Ok(())
    }
}

impl RuleBodyItemParser<'_, (), ()> for Reader<'_> {
    fn parse_declarations(&self) -> bool {
        !self.open.is_empty()
    }

    fn parse_qualified(&self) -> bool {
        true
    }
}

/// Everything up to the end of what is being parsed.
fn rest<'i>(input: &mut Parser<'i>) -> &'i str {
    let start = input.position();
    while input.next().is_ok() {}
    input.slice_from(start)
}

/// The selectors of a list.
fn branches(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    list.split(move |character| {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|branch| !branch.is_empty())
}

/// States that no page is in when it is opened; what is declared for all others holds.
const STATES: [&str; 7] = ["hover", "focus", "active", "visited", "focus-within", "focus-visible", "target"];

/// A selector without its pseudo-element, with the pseudo-classes that it may be matched without.
fn without_part(selector: &str) -> (String, ElementPart) {
    let mut text = selector.to_owned();
    let lower = selector.to_ascii_lowercase();
    let mut part = ElementPart::Whole;
    let parts = [
        ("before", ElementPart::Before),
        ("after", ElementPart::After),
        ("first-letter", ElementPart::FirstLetter),
    ];
    for (name, found) in parts {
        if let Some(element) = lower.strip_suffix(name).and_then(|rest| rest.strip_suffix(':')) {
            let element = element.strip_suffix(':').unwrap_or(element);
            text.truncate(element.len());
            if text.is_empty() || text.ends_with([' ', '>', '+', '~']) {
                text.push('*');
            }
            part = found;
            break;
        }
    }
    if text.contains(':') {
        for state in STATES {
            text = text.replace(&format!(":not(:{state})"), "");
        }
        text = text.replace(":any-link", "[href]").replace(":link", "[href]");
        if text.is_empty() {
            text.push('*');
        }
    }
    (text, part)
}

/// Reads selectors of elements. What a page shows only in a certain state is not read.
struct Selectors;

impl selectors::parser::Parser<'_> for Selectors {
    type Impl = Simple;
    type Error = SelectorParseErrorKind;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sheet: &str, expected: &[&str]) {
        let mut rules = Rules::default();
        rules.add(sheet);
        let rule = |rule: &Rule| {
            let selector = cssparser::ToCss::to_css_string(&rule.selector);
            format!("{selector} {:?} {}", rule.part, rule.declarations.len())
        };
        let found: Vec<String> = rules.rules.iter().map(rule).collect();
        assert_eq!(found, expected, "{sheet}");
    }

    #[test]
    fn rules_are_read_one_for_each_selector() {
        check("a, .b > c { color: red; display: none !important }", &["a Whole 2", ".b > c Whole 2"]);
        check("<!-- p.MsoNormal { mso-style-unhide: no; color: #fff } -->", &["p.MsoNormal Whole 1"]);
        check(
            "@charset 'utf-8'; @import url(a.css); a { *zoom: 1; _height: 1px; opacity: 0 }",
            &["a Whole 1"],
        );
        check("a:hover { color: red } a:not(:hover) { color: red }", &["a Whole 1"]);
        check(".c::before { content: 'x' } :after { content: '' }", &[".c Before 1", "* After 1"]);
        check(
            "@media print { a { color: red } } @media screen { b { color: red } } @layer x { c { color: red } }",
            &["b Whole 1", "c Whole 1"],
        );
        check(
            ".x { .y & { color: red } &:first-child { color: red } b { color: red } }",
            &[".y :is(.x) Whole 1", ":is(.x):first-child Whole 1", ":is(.x) b Whole 1"],
        );
        check("@font-face { font-family: x } @keyframes k { from { opacity: 0 } }", &[]);
        check("a { color: red; } } b { color: red }", &["a Whole 1"]);
    }
}
