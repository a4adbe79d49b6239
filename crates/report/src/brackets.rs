//! The brackets of the official forms.

/// Labels of the form with the brackets that the notices print: `(六)其他处理` becomes `（六）其他处理`. The data of the
/// forms and many reports have brackets of half width.
pub fn full_width_brackets(text: &str) -> String {
    const EXPLANATION: &str = "区分处理的，只计这一情形，不计其他情形";
    let mut wide = text.replace(&format!("({EXPLANATION})"), &format!("（{EXPLANATION}）"));
    for numeral in ["一", "二", "三", "四", "五", "六", "七"] {
        wide = wide.replace(&format!("({numeral})"), &format!("（{numeral}）"));
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_numerals_of_the_form_get_full_width_brackets() {
        assert_eq!(full_width_brackets("“(七)总计”"), "“（七）总计”");
        assert_eq!(full_width_brackets("收到(含网上)9件"), "收到(含网上)9件");
    }
}
