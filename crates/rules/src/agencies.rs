//! A report among those of other agencies, as data: crate `survey` judges them.

use report::Severity;

use crate::{BOTH, Check, Rule};

/// 《条例》第四十九条 has two sentences: one for departments, one for governments.
const REPORT_OF_A_GOVERNMENT: &str =
    "《条例》第四十九条：县级以上地方人民政府的政府信息公开工作主管部门公布本级政府上一年度报告";
const REPORT_OF_A_DEPARTMENT: &str =
    "《条例》第四十九条：县级以上人民政府部门在每年1月31日前提交并公布上一年度报告";
const ACCURATE: &str = "国办公开办函〔2021〕30号（四）：内容不准确、不全面的，追究责任";
const ALIKE: &str = "国办公开办函〔2021〕30号（四）：内容雷同、敷衍塞责的，追究责任";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "AGG-01",
        severity: Severity::Warning,
        forms: BOTH,
        title: "汇总口径的数字与下级合计一致",
        basis: REPORT_OF_A_GOVERNMENT,
        hint: "请与下级机关逐项核对后更正，或者更正统计口径的说明。",
        formula: "上级（汇总口径）各格 ≥ Σ下级同格；名录所列下级（含本级办公室）全部报送的，上级 = Σ下级",
        check: Check::Agencies,
    },
    Rule {
        id: "AGG-02",
        severity: Severity::Info,
        forms: BOTH,
        title: "有下级机关的，写明统计口径",
        basis: REPORT_OF_A_GOVERNMENT,
        hint: "请在报告中写明数字是全部下级的汇总数，还是本机关的数字。",
        formula: "有下级机关的报告写明“全市（县、区）”或“本机关”，各处说法一致，与机关名录一致",
        check: Check::Agencies,
    },
    Rule {
        id: "AGG-03",
        severity: Severity::Warning,
        forms: BOTH,
        title: "下级的数字不大于上级的汇总数",
        basis: ACCURATE,
        hint: "请与上级机关核对后，由数字有误的一方更正。",
        formula: "下级各格 ≤ 上级（汇总口径）同格",
        check: Check::Agencies,
    },
    Rule {
        id: "AGG-04",
        severity: Severity::Info,
        forms: BOTH,
        title: "名录所列机关按时报送",
        basis: REPORT_OF_A_DEPARTMENT,
        hint: "请核对报送日期和机关名录。",
        formula: "报送（公布）日期 ≤ 名录的截止日期；报送机关 ∈ 名录",
        check: Check::Agencies,
    },
    Rule {
        id: "AGG-05",
        severity: Severity::Info,
        forms: BOTH,
        title: "数字与同级同类机关相差不悬殊",
        basis: ACCURATE,
        hint: "请核实该数字是否填错位置、单位或者多写了数位。",
        formula: "|本机关 − 同级同类中位数| ≤ 10 × max(绝对中位差, 中位数÷4, 10)，同级同类机关不少于8个",
        check: Check::Agencies,
    },
    Rule {
        id: "SIM-02",
        severity: Severity::Warning,
        forms: BOTH,
        title: "文字不与其他机关雷同",
        basis: ALIKE,
        hint: "请结合本机关实际重新撰写。",
        formula: "总体情况、存在问题两部分中，与同年度其他机关相同的文字（不计通用语句和数字）不足一半",
        check: Check::Agencies,
    },
    Rule {
        id: "SIM-03",
        severity: Severity::Info,
        forms: BOTH,
        title: "不以通用语句代替实际情况",
        basis: ALIKE,
        hint: "请补充本机关的具体做法和数字。",
        formula: "总体情况、存在问题两部分中，许多机关通用的语句不足六成",
        check: Check::Agencies,
    },
    Rule {
        id: "DUP-01",
        severity: Severity::Info,
        forms: BOTH,
        title: "不重复报送同一份报告",
        basis: ACCURATE,
        hint: "请确认是否重复报送。",
        formula: "原件不同，或者文字和数字不同",
        check: Check::Agencies,
    },
    Rule {
        id: "XY-10",
        severity: Severity::Warning,
        forms: BOTH,
        title: "各年度报告连续，每年一份",
        basis: "《条例》第四十九条：每年提交并公布上一年度报告",
        hint: "请补报缺少的年度，或者确认以哪一份为准。",
        formula: "首次报送以来的每一年度有且只有一份报告",
        check: Check::Agencies,
    },
    Rule {
        id: "XY-11",
        severity: Severity::Info,
        forms: BOTH,
        title: "机关更名、合并的，与更名前的报告衔接",
        basis: REPORT_OF_A_DEPARTMENT,
        hint: "请确认上年结转等数字已与更名、合并前的报告衔接。",
        formula: "同一机关两年的报告所署名称相同",
        check: Check::Agencies,
    },
];
