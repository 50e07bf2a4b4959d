//! Shared access signatures of Azure: the query around a signature says until when it is good.
//!
//! Sources: <https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas> (`se` in ISO 8601) and
//! <https://learn.microsoft.com/en-us/azure/service-bus-messaging/service-bus-sas> (`se` in seconds after 1970).

use std::ops::Range;

use time::{Date, Month, OffsetDateTime};

use super::Verdict;

/// The signature at `span` of `text`: what has expired opens nothing.
pub(super) fn sas(text: &[u8], span: &Range<usize>) -> Verdict {
    sas_at(text, span, OffsetDateTime::now_utc().date())
}

/// The same, as it is on the day `today`.
pub(super) fn sas_at(text: &[u8], span: &Range<usize>, today: Date) -> Verdict {
    let query = query(text, span);
    // Of two the later counts: the other may be there to deceive.
    let expiry = query.split(['?', '&', ';']).filter_map(|part| last_day(part.strip_prefix("se=")?)).max();
    if expiry.is_some_and(|expiry| expiry < today) { Verdict::Harmless("expired") } else { Verdict::Open }
}

/// The query that the signature at `span` of `text` stands in, its parts joined by `&`.
pub(crate) fn query(text: &[u8], span: &Range<usize>) -> String {
    const LONGEST_QUERY: usize = 2048;
    let is_query = |byte: &&u8| !byte.is_ascii_whitespace() && !b"\"'`<>,|".contains(byte);
    let before = text[..span.start].iter().rev().take(LONGEST_QUERY).take_while(is_query).count();
    let behind = text[span.end..].iter().take(LONGEST_QUERY).take_while(is_query).count();
    let query = String::from_utf8_lossy(&text[span.start - before..span.end + behind]);
    // `&` as JSON and HTML may write it.
    query.replace("\\u0026", "&").replace("&amp;", "&")
}

/// The day of `2031-01-01T00:00:00Z`, `2031-01-01` or `1925000000`.
pub(crate) fn last_day(value: &str) -> Option<Date> {
    const DAY: &str = "2031-01-01";
    const SECONDS: usize = 10;
    if value.len() == SECONDS && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(OffsetDateTime::from_unix_timestamp(value.parse().ok()?).ok()?.date());
    }
    let mut parts = value.get(..DAY.len())?.split('-');
    let mut number = || parts.next()?.parse::<u16>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_expired_is_harmless() {
        let today = Date::from_calendar_date(2027, Month::March, 10).unwrap();
        for (expiry, expected) in [
            ("se=2027-03-09T23:59:59Z&", Verdict::Harmless("expired")),
            ("se=2027-03-09&", Verdict::Harmless("expired")),
            ("se=2027-03-10T00%3A00%3A00Z&", Verdict::Open),
            ("se=2031-01-01&", Verdict::Open),
            ("se=1600000000&", Verdict::Harmless("expired")),
            ("se=1900000000&", Verdict::Open),
            ("se=never&", Verdict::Open),
            ("se=2027-13-09&", Verdict::Open),
            ("se=2027-03-é&", Verdict::Open),
            ("", Verdict::Open),
        ] {
            for text in
                [format!("https://a.net/?sv=2022-11-02&{expiry}sig="), format!("a=\"{expiry}sv=2022-11-02&sig=")]
            {
                let span = text.len()..text.len() + 4;
                assert_eq!(sas_at(format!("{text}AAAA\"").as_bytes(), &span, today), expected, "{text}");
            }
        }
        let json = "sv=2022-11-02\\u0026se=2020-01-01\\u0026sig=AAAA";
        assert_eq!(sas_at(json.as_bytes(), &(json.len() - 4..json.len()), today), Verdict::Harmless("expired"));
        let two = "sv=2022-11-02&se=2020-01-01&sig=AAAA,sv=2022-11-02&se=2031-01-01&sig=AAAA";
        assert_eq!(sas_at(two.as_bytes(), &(two.len() - 4..two.len()), today), Verdict::Open);
        let behind = "sv=2022-11-02&sig=AAAA&se=2020-01-01";
        assert_eq!(sas_at(behind.as_bytes(), &(18..22), today), Verdict::Harmless("expired"));
    }
}
