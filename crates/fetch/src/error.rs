//! Why something was not fetched.

use std::time::Duration;

use reqwest::Url;

/// Why an address was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is neither http nor https, or has no host.
    #[error("{0} is no http or https address")]
    NotHttp(Url),
    /// The host is, or resolves to, an address that is not public.
    #[error("{0} is in an inner network; fetch.networks allows none of its addresses")]
    InnerAddress(String),
    /// `robots.txt` of the site disallows it.
    #[error("robots.txt of the site disallows {0}")]
    Disallowed(Url),
    /// `robots.txt` could not be read, which disallows everything until it can.
    #[error("robots.txt of {0} cannot be read, so nothing is fetched there now")]
    RobotsUnreachable(String),
    /// More redirects than a page needs, or a circle.
    #[error("more than {limit} redirects from {from}")]
    TooManyRedirects {
        /// The first address.
        from: Url,
        /// The limit.
        limit: usize,
    },
    /// More bytes than a document may have.
    #[error("{url} has more than {limit} bytes")]
    TooLarge {
        /// The address.
        url: Url,
        /// The limit.
        limit: usize,
    },
    /// The site answered with an error.
    #[error("{url} answered {status}")]
    Status {
        /// The address.
        url: Url,
        /// The status.
        status: u16,
    },
    /// The site is overloaded and asks to come back later.
    #[error("{url} is overloaded and asks to come back in {} s", after.as_secs())]
    Busy {
        /// The address.
        url: Url,
        /// How long to wait.
        after: Duration,
    },
    /// No answer in time.
    #[error("{0} took too long")]
    TimedOut(Url),
    /// No connection, or one that broke off.
    #[error("{url} cannot be reached: {cause}")]
    Unreachable {
        /// The address.
        url: Url,
        /// The chain of causes.
        cause: String,
    },
}

impl FetchError {
    /// A stable name, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHttp(_) => "not-http",
            Self::InnerAddress(_) => "inner-address",
            Self::Disallowed(_) => "disallowed",
            Self::RobotsUnreachable(_) => "robots-unreachable",
            Self::TooManyRedirects { .. } => "too-many-redirects",
            Self::TooLarge { .. } => "too-large",
            Self::Status { .. } => "status",
            Self::Busy { .. } => "busy",
            Self::TimedOut(_) => "timed-out",
            Self::Unreachable { .. } => "unreachable",
        }
    }

    /// What happened, for officials: Chinese.
    pub fn in_chinese(&self) -> String {
        match self {
            Self::NotHttp(url) => format!("{url} 不是 http 或 https 网址。"),
            Self::InnerAddress(host) => {
                format!("{host} 是内部网络地址，没有访问；确需访问的，请在设置 fetch.networks 中写明该网段。")
            }
            Self::Disallowed(url) => format!("网站的 robots.txt 不允许抓取 {url}。"),
            Self::RobotsUnreachable(host) => format!("{host} 的 robots.txt 无法读取，暂不抓取该网站。"),
            Self::TooManyRedirects { from, limit } => format!("{from} 跳转超过 {limit} 次。"),
            Self::TooLarge { url, limit } => format!("{url} 超过 {} MB 的上限。", limit / 1_000_000),
            Self::Status { url, status } => format!("{url} 返回 {status}。"),
            Self::Busy { url, after } => format!("{url} 繁忙，要求 {} 秒后再访问。", after.as_secs()),
            Self::TimedOut(url) => format!("{url} 响应超时。"),
            Self::Unreachable { url, .. } => format!("{url} 无法连接。"),
        }
    }
}
