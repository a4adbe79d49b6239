//! The articles, notices and notes that several rules rest on.

/// What a report has to look like.
pub(crate) const REPORT_FORMAT: &str = "《条例》第五十条；国办公开办函〔2021〕30号、〔2019〕60号规定的格式";
/// That the fees for information are reported.
pub(crate) const FEE: &str =
    "国办函〔2020〕109号；国办公开办函〔2021〕30号：收取信息处理费情况在第六部分报告";
/// That careless or copied text is a breach.
pub(crate) const CAREFUL: &str =
    "国办公开办函〔2021〕30号（四）：内容不准确、不全面，内容雷同、敷衍塞责的，追究责任";
/// Table two of either form.
pub(crate) const TABLE_TWO: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表二；《条例》第二十条";
/// Table two of the form of 2021.
pub(crate) const TABLE_TWO_2021: &str = "国办公开办函〔2021〕30号所附格式，表二";
/// Table two of the form of 2019.
pub(crate) const TABLE_TWO_2019: &str = "国办公开办函〔2019〕60号所附格式，表二";
/// The note in the head of table three.
pub(crate) const NOTE_OF_TABLE_THREE: &str = "表三表头注：第一项加第二项之和，等于第三项加第四项之和";
/// Table three of either form.
pub(crate) const TABLE_THREE: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三";
/// Table four of either form.
pub(crate) const TABLE_FOUR: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表四（总计含尚未审结）";
/// Either form.
pub(crate) const FORMS: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式";
/// That wrong or incomplete content is a breach.
pub(crate) const ACCURATE: &str = "国办公开办函〔2021〕30号（四）：内容不准确、不全面的，追究责任";
/// That a government publishes its report.
pub(crate) const REPORT_OF_A_GOVERNMENT: &str =
    "《条例》第四十九条：县级以上地方人民政府的政府信息公开工作主管部门公布本级政府上一年度报告";
/// That a department publishes its report by the end of January.
pub(crate) const REPORT_OF_A_DEPARTMENT: &str =
    "《条例》第四十九条：县级以上人民政府部门在每年1月31日前提交并公布上一年度报告";
/// That copied text is a breach.
pub(crate) const ALIKE: &str = "国办公开办函〔2021〕30号（四）：内容雷同、敷衍塞责的，追究责任";
