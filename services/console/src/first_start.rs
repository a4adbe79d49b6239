//! The first start with accounts: while there are none, a link in the terminal makes the first administrator.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use worker::Config;

use crate::app::App;

/// Between two attempts to ask whether there are accounts.
const RETRY: Duration = Duration::from_secs(2);

/// Prints the link, if it is needed. It goes to the terminal and not to the log, because who has it is administrator.
pub(crate) async fn print_link(app: App) {
    loop {
        match app.access().first_link().await {
            Ok(None) => return,
            Ok(Some(secret)) => {
                let address = address(app.worker().config());
                eprintln!(
                    "There are no accounts yet. Within an hour, make the first administrator at this address, once:\n\
                     还没有账号。请在一小时内打开下面的地址，设立首个管理员账号（只能用一次）：\n\
                     \n    {address}/login/first/{secret}\n"
                );
                return;
            }
            Err(error) => tracing::warn!("asking whether there are accounts: {error:#}"),
        }
        if !app.worker().shutdown().unless_requested(tokio::time::sleep(RETRY)).await {
            return;
        }
    }
}

/// Where a browser reaches the pages.
fn address(config: &Config) -> String {
    let listen = || {
        let listen = config.listen?;
        let ip = match listen.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        Some(format!("http://{}", std::net::SocketAddr::new(ip, listen.port())))
    };
    config.address.clone().or_else(listen).unwrap_or_default()
}
