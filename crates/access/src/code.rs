//! The stable codes of problem documents, each with its status; `docs/codes.md` lists them all.

#[cfg(test)]
mod page;

use std::fmt;

use axum::http::StatusCode;
use proto::{Fault, RefusalClass};

/// What the documentation says of a [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// Its name, kebab-case; never changes.
    pub name: &'static str,
    /// The status with which it is usually answered.
    pub status: StatusCode,
    /// Other statuses with which it may be answered.
    pub other_statuses: &'static [StatusCode],
    /// Who has to act.
    pub fault: Fault,
    /// What it means, one English sentence.
    pub meaning: &'static str,
    /// What to do, one English sentence.
    pub remedy: &'static str,
}

/// Declares the codes, each with its name, its statuses, who acts, what it means and what to do.
macro_rules! codes {
    ($($code:ident $name:literal [$status:ident $(, $other:ident)*], $fault:ident: $meaning:literal => $remedy:literal;)+) => {
        /// Why a request was not answered as it was asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $meaning] $code,)+
            /// No file of the upload was accepted; the class of the first.
            File(RefusalClass),
        }

        impl Code {
            /// Every code but those of files, in the order of the documentation.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$code),+];

            /// What the documentation says of it.
            pub fn info(self) -> CodeInfo {
                match self {
                    $(Self::$code => CodeInfo {
                        name: $name,
                        status: StatusCode::$status,
                        other_statuses: &[$(StatusCode::$other),*],
                        fault: Fault::$fault,
                        meaning: $meaning,
                        remedy: $remedy,
                    },)+
                    Self::File(class) => of_file(class),
                }
            }
        }
    };
}

codes! {
    // The request.
    BadParameter "bad-parameter" [BAD_REQUEST, UNPROCESSABLE_ENTITY], Sender:
        "A parameter of the address is unknown, or its value cannot be understood; `field` names it."
        => "Correct the parameter; `/openapi.json` lists all of them.";
    BadJson "bad-json" [BAD_REQUEST, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNPROCESSABLE_ENTITY], Sender:
        "The body is not the JSON that this address takes."
        => "Send it as `application/json` with the fields that `/openapi.json` lists.";
    UnsupportedEncoding "unsupported-encoding" [UNSUPPORTED_MEDIA_TYPE], Sender:
        "The body has a `Content-Encoding` other than `gzip`."
        => "Compress it with gzip, or send it as it is without the header.";
    BrokenEncoding "broken-encoding" [BAD_REQUEST], Sender:
        "The body is not the gzip that its `Content-Encoding` says."
        => "Compress it again, or send it as it is without the header.";
    NotFound "not-found" [NOT_FOUND], Sender:
        "There is nothing at this address, or the key may not see it."
        => "Check the address and the id; a report that was just sent is found once it is indexed.";
    MethodNotAllowed "method-not-allowed" [METHOD_NOT_ALLOWED], Sender:
        "The address exists and does not take this method."
        => "Use the method that `/openapi.json` gives.";
    QueryTooLong "query-too-long" [URI_TOO_LONG], Sender:
        "The query of the address has more than 8192 bytes."
        => "Search with fewer conditions.";
    CannotShow "cannot-show" [UNPROCESSABLE_ENTITY], Sender:
        "The original cannot be drawn: it is damaged, encrypted, or costs more than the limits."
        => "Download the original and open it in the program that made it.";

    // Keys and roles.
    NoKey "no-key" [UNAUTHORIZED], Sender:
        "The request carries neither a key nor the cookie of a session, and this address asks for one."
        => "Send `Authorization: Bearer gouji_...`, or sign in; the operator hands out keys and accounts.";
    UnknownKey "unknown-key" [UNAUTHORIZED], Sender:
        "The key is not in the file of keys."
        => "Check that the key is complete; ask the operator for a new one otherwise.";
    ExpiredKey "expired-key" [UNAUTHORIZED], Sender:
        "The last day of the key is over."
        => "Ask the operator for a new key.";
    WrongRole "wrong-role" [FORBIDDEN], Sender:
        "The role of the caller does not allow this."
        => "Use a key or an account with a role that `detail` names.";
    NotYours "not-yours" [FORBIDDEN], Sender:
        "The report to be withdrawn is outside the scope of the key."
        => "Check the id; ask the operator if the scope of the key is wrong.";
    SessionEnded "session-ended" [UNAUTHORIZED], Sender:
        "The session has ended: by sign-out, idleness, a change of the password, or because the account was disabled."
        => "Sign in again.";
    WrongPassword "wrong-password" [UNAUTHORIZED], Sender:
        "There is no account with this name and this password."
        => "Check both; an administrator can give the account a new password.";
    PasswordChangeRequired "password-change-required" [FORBIDDEN], Sender:
        "The password of the account was given by somebody else and has not been changed."
        => "Change it on the page 我的账号.";
    WrongAccount "wrong-account" [UNPROCESSABLE_ENTITY, CONFLICT, NOT_FOUND], Sender:
        "The account cannot be made or changed like this; `detail` says why."
        => "Correct what `detail` names.";
    IdentityRefused "identity-refused" [FORBIDDEN, BAD_REQUEST], Sender:
        "The identity provider did not sign the person in, or the identity has no role here."
        => "Sign in again; ask the administrator for a role.";
    IdentityProvider "identity-provider" [BAD_GATEWAY], Operator:
        "The identity provider does not answer, or answers what cannot be verified."
        => "Try again later; the operator finds the cause in the log of the service.";
    OutsideScope "outside-scope" [FORBIDDEN], Sender:
        "The region is outside the scope of the caller."
        => "Ask for a region of your own; ask the operator if your scope is wrong.";
    CrossSite "cross-site" [FORBIDDEN], Sender:
        "A page of another web site made the browser send this request."
        => "Act on the pages of gouji itself, or call the API with a Bearer key.";
    WrongHost "wrong-host" [MISDIRECTED_REQUEST], Sender:
        "Without keys, the service answers only requests that name this machine's loopback address."
        => "Use http://127.0.0.1, or let the operator set `GOUJI_KEYS`, or `GOUJI_OPEN` behind a proxy.";
    TooOften "too-often" [TOO_MANY_REQUESTS], Load:
        "One key, or one address without a key, asked more often than `GOUJI_RATE` allows."
        => "Wait for the seconds in `Retry-After`.";

    // Reviews.
    ReviewConflict "review-conflict" [CONFLICT], Sender:
        "Somebody else did something to the report, or a new version arrived, since the reviewer looked at it."
        => "Read the report and its reviews again, then decide.";
    NoSuchFinding "no-such-finding" [UNPROCESSABLE_ENTITY], Sender:
        "The current version of the report has no such finding."
        => "Read the findings of the report again.";
    TooManyReports "too-many-reports" [PAYLOAD_TOO_LARGE], Sender:
        "One request acts on more than 2,000 reports."
        => "Act on one region or one year after the other.";
    TooManyActs "too-many-acts" [UNPROCESSABLE_ENTITY], Operator:
        "A report has 1,000 acts of reviewers, and takes no more."
        => "Find out which program acts on it again and again.";

    // Uploads.
    NoFile "no-file" [BAD_REQUEST], Sender:
        "The request has no file in it."
        => "Put the report into the field `file` of a form, or send it as the body.";
    BadForm "bad-form" [BAD_REQUEST], Sender:
        "The form cannot be read, or has more than 1 MB beside its files."
        => "Send `multipart/form-data` with the files in the field `file`.";
    BadIdempotencyKey "bad-idempotency-key" [BAD_REQUEST], Sender:
        "The header `Idempotency-Key` is empty, has more than 200 bytes, or characters that are not printable ASCII."
        => "Use a shorter one, such as a UUID.";
    IdempotencyKeyReused "idempotency-key-reused" [UNPROCESSABLE_ENTITY], Sender:
        "The same `Idempotency-Key` came with other files before; nothing was accepted."
        => "Use a new key for other files; repeat the same files to repeat the request.";
    TooManyFiles "too-many-files" [PAYLOAD_TOO_LARGE], Sender:
        "The form has more than 1,000 files, or the archive that is to be checked more than 100."
        => "Pack them as ZIP, or send them in several requests.";
    UploadTooLarge "upload-too-large" [PAYLOAD_TOO_LARGE], Sender:
        "The upload has more bytes than `GOUJI_UPLOAD_MB` allows, or a file that is to be checked more than 50 MB."
        => "Send it in several archives; check one file at a time.";
    UploadTooSlow "upload-too-slow" [REQUEST_TIMEOUT], Sender:
        "The sender paused for 20 s, or sent less than 1,000 bytes a second; nothing was accepted."
        => "Check the network, then send the upload again.";
    BrokenUpload "broken-upload" [BAD_REQUEST], Sender:
        "The connection ended before the upload did; nothing was accepted."
        => "Send the upload again.";
    TooManyUploads "too-many-uploads" [SERVICE_UNAVAILABLE], Load:
        "As many uploads as `GOUJI_UPLOADS` allows are under way."
        => "Wait for the seconds in `Retry-After`.";
    TooManyChecks "too-many-checks" [SERVICE_UNAVAILABLE], Load:
        "As many files as `GOUJI_CHECKS` allows are being checked."
        => "Wait for the seconds in `Retry-After`.";
    Busy "busy" [SERVICE_UNAVAILABLE], Load:
        "More reports than `GOUJI_HIGH_WATER` allows wait to be handled."
        => "Wait for the seconds in `Retry-After`.";
    DiskFull "disk-full" [SERVICE_UNAVAILABLE], Operator:
        "A disk that uploads are written to has less than `GOUJI_RESERVE_MB` free."
        => "The operator frees space; senders wait for the seconds in `Retry-After`.";
    NoSuchSubmission "no-such-submission" [NOT_FOUND], Sender:
        "There is no submission with this id, or another sender made it."
        => "Use the `submission` of the receipt.";
    TooManyIds "too-many-ids" [PAYLOAD_TOO_LARGE], Sender:
        "The request asks for the states of more than 1,000 reports."
        => "Ask in several requests.";

    // Withdrawals and the roster.
    NoReason "no-reason" [BAD_REQUEST], Sender:
        "The withdrawal does not say who withdraws the report, or why; `field` names which."
        => "Fill in `who` and `why`.";
    ReasonTooLong "reason-too-long" [BAD_REQUEST], Sender:
        "`who` or `why` of the withdrawal has more than 1,000 characters."
        => "Give a shorter reason.";
    NoSuchReport "no-such-report" [NOT_FOUND], Sender:
        "There is no indexed report with this id to be withdrawn."
        => "Check the id; a report that was just sent can be withdrawn once it is indexed.";
    RosterTooLarge "roster-too-large" [PAYLOAD_TOO_LARGE], Sender:
        "The roster has more than 16 MB, or did not arrive completely."
        => "Check the file, then import it again.";
    ChangedMeanwhile "changed-meanwhile" [CONFLICT], Sender:
        "Somebody else changed the roster or the rule policy after the caller read it; nothing was changed."
        => "Load it again, look at what changed, and repeat the change if it is still wanted.";
    WrongRoster "wrong-roster" [UNPROCESSABLE_ENTITY], Sender:
        "The roster has faults; `detail` names them by line."
        => "Correct these lines, then import it again.";

    // The state of the installation.
    TooManyListeners "too-many-listeners" [SERVICE_UNAVAILABLE], Load:
        "As many clients as allowed already listen to the live status."
        => "Try later, or ask for `/api/v1/status`.";
    TooManyExports "too-many-exports" [SERVICE_UNAVAILABLE], Load:
        "As many exports as are written at a time are under way."
        => "Wait for the seconds in `Retry-After`.";
    NeedsHttp11 "needs-http-1-1" [UPGRADE_REQUIRED], Sender:
        "The request came by HTTP/1.0, in which an export that broke off looks like a whole one."
        => "Use HTTP/1.1; in nginx, set `proxy_http_version 1.1`.";
    BusUnavailable "bus-unavailable" [SERVICE_UNAVAILABLE], Operator:
        "The bus does not answer; searches and indexed reports are not affected."
        => "Try again in a few seconds; the operator finds the cause at `/readyz`.";
    IndexUnavailable "index-unavailable" [SERVICE_UNAVAILABLE], Operator:
        "The index does not exist yet, is being rebuilt, or is damaged; no report is lost."
        => "Try again later; the operator sees the progress in `gouji status`.";
    Unavailable "unavailable" [SERVICE_UNAVAILABLE], Operator:
        "Ingest cannot store or publish just now, or cannot look up what it published."
        => "Try again after the seconds in `Retry-After`; the operator finds the cause in the log of ingest.";
    Internal "internal" [INTERNAL_SERVER_ERROR], Operator:
        "The service failed to answer."
        => "The operator finds the cause in the log of the service.";
}

/// An upload of which no file was accepted is answered with what is wrong with its first file.
fn of_file(class: RefusalClass) -> CodeInfo {
    let info = class.info();
    let status = match class {
        RefusalClass::TooLarge | RefusalClass::ArchiveLimit => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    CodeInfo {
        name: info.name,
        status,
        other_statuses: &[],
        fault: info.fault,
        meaning: info.meaning,
        remedy: info.remedy,
    }
}

impl Code {
    /// Its name, e.g. `bad-parameter`.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The status with which it is usually answered.
    pub fn status(self) -> StatusCode {
        self.info().status
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
