//! What a person sees of the figures of a page, and what is stored: each trick beside its plain twin.

use document::{Limits, read};

use crate::draw;

/// The second cell of a table, in a page with a head.
#[track_caller]
fn check_page(head: &str, cell: &str, expected: &str) {
    let page = format!(
        "<!DOCTYPE html><html><head>{head}</head><body><table><tr><td>甲<td id=c>{cell}<tr><td>乙<td>2</table>"
    );
    let document = read(page.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), format!("Grid\n  甲¦{expected}\n  乙¦2"), "{head} {cell}");
}

#[track_caller]
fn check(cell: &str, expected: &str) {
    check_page("", cell, expected);
}

#[track_caller]
fn check_sheet(sheet: &str, cell: &str, expected: &str) {
    check_page(&format!("<style>{sheet}</style>"), cell, expected);
}

#[test]
fn what_a_style_sheet_hides_is_not_read() {
    for rule in [
        "display:none",
        "visibility:hidden",
        "opacity:0",
        "font-size:0",
        "font:0/0 a",
        "color:transparent",
        "color:rgba(0,0,0,0)",
        "filter:opacity(0)",
        "position:absolute;left:-9999px",
        "position:absolute;clip:rect(0,0,0,0)",
        "clip-path:inset(50%)",
        "display:inline-block;width:0;overflow:hidden",
        "display:block;height:0;overflow:hidden",
        "display:block;text-indent:-999em",
        "text-decoration:line-through",
        "text-decoration:line-through solid red",
        "text-decoration-line:line-through",
        "-webkit-text-fill-color:transparent",
        "content-visibility:hidden",
        "display:table-column-group",
        "--n:none;display:var(--n)",
    ] {
        check_sheet(&format!(".x{{{rule}}}"), "<span class=x>7</span>146", "146");
        check(&format!("<span style='{rule}'>7</span>146"), "146");
    }
}

#[test]
fn the_strongest_rule_holds() {
    let cell = "<span class='x y' id=z>7</span>146";
    check_sheet(".x{display:none}.y{display:inline}", cell, "7146");
    check_sheet(".x{display:none!important}.y{display:inline}#z{display:inline}", cell, "146");
    check_sheet("#z{display:none}.x{display:inline}", cell, "146");
    check_sheet("td .x{display:none}.x{display:inline}", cell, "146");
    check_sheet("@media print{.x{display:none}}", cell, "7146");
    check_sheet("@media screen and (min-width:600px){.x{display:none}}", cell, "146");
    check_sheet("@media (max-width:600px){.x{display:none}}", cell, "7146");
    check_sheet("td{.x{display:none}}", cell, "146");
    check_sheet("td:has(.x) .x{display:none}", cell, "146");
    check_sheet("td:has(.w) .x{display:none}", cell, "7146");
    check_sheet("@container (min-width:1px){.x{display:none}}", cell, "146");
    check_sheet("@scope (td){.x{display:none}}", cell, "146");
    check_sheet("span:not(.w):first-child{display:none}", cell, "146");
    check_sheet("span:hover{display:none}", cell, "7146");
    check_sheet("td>span[class~=y]{display:none}", cell, "146");
    check_sheet(
        ".x{visibility:hidden}",
        "<span class=x>7<b style='visibility:visible'>1</b></span>46",
        "146",
    );
    check_sheet(".x{font-size:0}", "<span class=x>7<b style='font-size:16px'>1</b></span>46", "146");
    check_sheet(".X{display:none}", cell, "7146");
}

#[test]
fn text_in_the_colour_of_its_ground_is_doubtful() {
    for rule in [
        "color:#fff",
        "color:white",
        "color:#fefefe",
        "color:rgb(255 255 255)",
        "color:hsl(0,0%,99%)",
        "background:#000",
        "--w:#fff;color:var(--w)",
    ] {
        check_sheet(&format!(".x{{{rule}}}"), "<span class=x>7</span>146", "7146?SameColour");
    }
    for unknown in ["color-mix(in srgb, white, white)", "oklch(1 0 0)", "color(srgb 1 1 1)"] {
        let rule = format!(".x{{color:{unknown}}}");
        check_sheet(&rule, "<span class=x>7</span>146", "7146?SameColour");
        check_sheet(&rule, "<p><span class=x>146</span></p>", "146");
        check_sheet(&format!("body{{color:{unknown}}}"), "<b>1</b>46", "146");
    }
    check("<span style='color:rgba(0,0,0,.05)'>7</span>146", "7146?Faint");
    check("<font color=white>7</font>146", "7146?SameColour");
    check("<font color=FFFFFF>7</font>146", "7146?SameColour");
    for rule in [
        "color:#666",
        "color:#ccc",
        "color:blue",
        "color:#fff;background:#1a5da8",
        "color:inherit",
        "background:#eef",
        "background:yellow",
        "color:windowtext",
    ] {
        check_sheet(&format!(".x{{{rule}}}"), "<span class=x>7</span>146", "7146");
    }
    check_sheet("tr{background:#036;color:#fff}", "146", "146");
    check_sheet("td{background:#036}td span{color:#fff}", "<span>146</span>", "146");
    check_sheet("body{background:#036;color:#fff}", "146", "146");
}

#[test]
fn what_can_hardly_be_seen_is_doubtful() {
    check("<span style='font-size:1px'>7</span>146", "7146?Tiny");
    check("<span style='opacity:.1'>7</span>146", "7146?Faint");
    check("<span style='display:inline-block;width:6px;overflow:hidden'>146</span>", "146?Clipped");
    check("<span style='letter-spacing:-1em'>146</span>", "146?Overlapping");
    check("<span style='transform:rotate(180deg)'>6</span>", "6?OtherShape");
    check("<span style='transform:scaleX(-1)'>6</span>", "6?OtherShape");
    check("<span style='-webkit-text-security:disc'>146</span>", "146?Covered");
    check("<span style='mso-hide:all'>7</span>146", "7146?Covered");
    check("<span style='display:none;mso-hide:all'>7</span>146", "146");
    for plain in [
        "font-size:9px",
        "opacity:.85",
        "display:inline-block;width:60px;overflow:hidden",
        "letter-spacing:-.05em",
        "transform:translateZ(0)",
        "transform:none",
        "text-indent:2em",
        "line-height:0",
        "filter:grayscale(100%)",
        "filter:invert(0)",
    ] {
        check(&format!("<span style='{plain}'>146</span>"), "146");
    }
    check("<span style='filter:invert(100%)'>7</span>146", "7146?Covered");
    check_sheet("html{font-size:100px}td{font-size:.14rem}", "146", "146");
    check_sheet("html{font-size:13.3333vw}td{font-size:.14rem}", "146", "146");
    check_sheet("html{font-size:1px}body{font-size:16px}#c{font-size:1rem}", "146", "146?Tiny");
}

#[test]
fn another_order_is_doubtful() {
    check("<bdo dir=rtl>641</bdo>", "641?Reordered");
    check("<span style='unicode-bidi:bidi-override;direction:rtl'>641</span>", "641?Reordered");
    check("<span style='float:right'>6</span>14", "614?Reordered");
    check("14<span style='float:left'>6</span>", "146?Reordered");
    check(
        "<span style='display:flex'><i style='order:2'>46</i><i style='order:1'>1</i></span>",
        "461?Reordered",
    );
    let grid = ".g{display:grid}.a{grid-column:2;grid-row:1}.b{grid-area:1/1}";
    check_sheet(grid, "<p class=g><i class=a>46</i><i class=b>1</i></p>", "461?Reordered");
    check_sheet(grid, "<i class=a>1</i><i class=b>46</i>", "146");
    check("7<i style='display:inline-block;transform:translate(-5000%,0)'>146</i>", "7146?Reordered");
    check("<p style='display:flex;flex-direction:row-reverse'><i>46</i><i>1</i></p>", "461?Reordered");
    check(
        "<i style='position:relative;left:1em'>6</i><i style='position:relative;left:-1em'>14</i>",
        "614?Reordered",
    );
    check("46<i style='position:absolute;left:0'>1</i>", "461?Reordered");
    check("<i style='position:relative;left:200px'>146</i>", "146?Reordered");
    check("<i style='margin-right:-1em'>7</i>146", "7146?Overlapping");
    check("<i style='display:inline-block;width:0'>7</i>146", "7146?Overlapping");
    let narrow =
        "margin-top:0cm;margin-right:-5.65pt;margin-bottom:0cm;margin-left:-5.65pt;text-align:center";
    check(&format!("<p style='{narrow}'>146</p><p style='{narrow}'>件</p>"), "146 件");
    check("<p style='margin-left:-21.0pt'>146</p>", "146");
    check("<p style='margin-left:21.0pt;text-indent:-21.0pt'>146</p>", "146");
    check("<i style='float:right'>146</i>", "146");
    check("<i style='float:left'>1</i>46", "146");
    check("<p style='position:relative;top:1px'>146</p>", "146");
    check("<p style='display:flex;justify-content:center'>146</p>", "146");
    check_sheet("td{position:relative}td i{position:absolute;top:2px}", "<i>146</i>", "146");
}

#[test]
fn what_a_style_sheet_writes_is_doubtful() {
    check_sheet(".b::before{content:'1'}", "<span class=b>46</span>", "146?Generated");
    check_sheet(".b:after{content:'6'}", "<span class=b>14</span>", "146?Generated");
    check_sheet(".b::before{content:attr(data-v)}", "<span class=b data-v=146></span>", "146?Generated");
    check_sheet(".c::before{counter-reset:n 146;content:counter(n)}", "<span class=c></span>", "?Generated");
    check_sheet(
        ".b{font-size:0}.b::before{content:'146';font-size:16px}",
        "<span class=b>741</span>",
        "146?Generated",
    );
    check_sheet("#c::first-letter{font-size:0}", "7146", "7146?Hidden");
    check("<ol start=7><li>146</ol>", "146?Generated");
    for plain in [
        ".b::before{content:''}",
        ".b::after{content:'.';display:block;height:0;clear:both;visibility:hidden}",
        ".b::before{content:'\\e601';font-family:icons}",
        ".b::before{content:'*';color:red}",
        ".b::before{content:'7';display:none}",
        "@media print{.b::before{content:'7'}}",
    ] {
        check_sheet(plain, "<span class=b>146</span>", "146");
    }
    check("<ul><li>146</ul>", "146");
}

#[test]
fn what_a_script_writes_is_doubtful() {
    check("<script>document.write('1')</script>46", "46?Generated");
    check_page("<script>document.getElementById('c').innerHTML='7'</script>", "146", "146?Generated");
    check_page("<script>$('#c').html('7')</script>", "146", "146?Generated");
    check_page("<script>document.getElementById('zoom').innerHTML='7'</script>", "146", "146");
    check_page("<script>document.getElementById('c').style.color='red'</script>", "146", "146");
    check("<script>var a = 1</script>46", "46");
}

#[test]
fn what_browsers_show_in_place_of_content_is_not_the_content() {
    for hidden in [
        "<audio>7</audio>",
        "<video>7</video>",
        "<canvas>7</canvas>",
        "<meter value=.5>7</meter>",
        "<progress>7</progress>",
        "<datalist><option>7</option></datalist>",
        "<dialog>7</dialog>",
        "<template>7</template>",
        "<span hidden>7</span>",
        "<div popover>7</div>",
        "<noscript>7</noscript>",
    ] {
        check(&format!("{hidden}146"), "146");
    }
    check("<details><summary>146</summary>7</details>", "146");
    check("<details open><summary>14</summary>6</details>", "14 6");
    check("<dialog open>146</dialog>", "146");
    check("<input value=146>", "146");
    check("<input type=hidden value=7>146", "146");
    check("741<input value=146>", "741146?Reordered");
    check("<textarea>146</textarea>", "146");
    check("<button>146</button>", "146");
    check("<select><option>7<option selected>146</select>", "146");
    check("<svg><text>146</text></svg>", "146?Covered");
    check("<math><mn>146</mn></math>", "146");
    check("<math><mfrac><mn>1</mn><mn>46</mn></mfrac></math>", "146?Fraction");
    check("1<img src=4.png>6", "16?Covered");
    check("146<img src=space.gif width=1 height=1>", "146");
}

#[test]
fn digits_off_their_line_are_doubtful_and_marks_of_notes_go() {
    check("14<sub>6</sub>", "146?Raised");
    check("1<sup>4</sup>6", "146?Raised");
    check("14<span style='vertical-align:sub'>6</span>", "146?Raised");
    check("14<sup style='vertical-align:baseline'>6</sup>", "146?Raised");
    check("146<sup>①</sup>", "146");
    check("146<sup>[1]</sup>", "146");
    check("146<sup>1</sup>", "146");
    check_sheet(
        "sup{position:relative;top:-.5em;font-size:75%;vertical-align:baseline}",
        "146<sup>1</sup>",
        "146",
    );
    check("<span style='vertical-align:middle'>146</span>", "146");
}

#[test]
fn a_line_ends_where_its_style_says_so() {
    check("<b style='display:block'>1</b><b style='display:block'>46</b>", "1 46");
    check("<p style='display:inline'>1</p><p style='display:inline'>46</p>", "146");
    check_sheet("br{display:none}", "1<br>46", "146");
    check("1<br>46", "1 46");
}

#[test]
fn struck_cells_are_doubtful_and_struck_pieces_gone() {
    check_sheet("#c{text-decoration:line-through}", "146", "146?Struck");
    check_sheet("s{text-decoration:none}", "<s>1</s>46", "146");
    check("<s>7</s>146", "146");
}

#[test]
fn a_page_that_waits_for_its_script_is_read() {
    let rows = "<tr><td>甲<td>1".repeat(12);
    let drawn = |head: &str, table: &str| {
        let page = format!(
            "<html><head><style>{head}</style></head><body><div class=x><table {table}>{rows}</table>"
        );
        draw::draw(&read(page.as_bytes(), &Limits::default()).unwrap())
    };
    assert!(drawn("body{display:none}", "").contains("甲¦1\n"));
    assert!(drawn(".x{display:none}", "").contains("1?Hidden"));
    assert!(drawn(".x{opacity:1}", "").contains("甲¦1\n"));
}

#[test]
fn more_rules_than_are_applied_leave_doubt() {
    let rules: String = (0..50_100).map(|number| format!(".c{number}{{color:red}}")).collect();
    let page = format!("<style>{rules}</style><table><tr><td>甲<td>1</table>");
    let drawn = draw::draw(&read(page.as_bytes(), &Limits::default()).unwrap());
    assert_eq!(drawn, "Grid\n  甲?Hidden¦1?Hidden");
}

/// Rules that look at everything beside or around an element, on many elements.
#[test]
fn costly_selectors_are_cut_off() {
    let rules =
        "td ~ td ~ td, p p p p b, td:nth-last-child(2n+1), [class*=a] [class*=b] i { color: red }".repeat(50);
    let cells = "<td class=abc><b>1</b><i>2</i>".repeat(3_000);
    let page = format!("<style>{rules}</style><table><tr><td>甲{cells}</table>");
    assert!(read(page.as_bytes(), &Limits::default()).is_ok());
}
