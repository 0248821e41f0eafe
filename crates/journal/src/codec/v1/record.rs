//! What every record has beside its event.

use bincode::de::BorrowDecoder;
use bincode::enc::Encoder;
use bincode::error::EncodeError;
use ledger::{Event, Sequence};

use super::Frozen;
use super::intent::Intent;
use super::value::{AccountId, Bytes, Mode, Number, Sixteen, Text, Time, choice};
use crate::error::Fault;

// What came from outside.
choice!(Source {
    0 => None,
    1 => Intent(Intent),
    2 => Raw(Bytes),
});

/// Writes a record without its sequence, which follows from its place in the frame, and without its
/// event, which comes after it.
pub(in crate::codec) fn write_record<E: Encoder>(
    record: &ledger::Record,
    encoder: &mut E,
) -> Result<(), EncodeError> {
    let ledger::Record {
        sequence: _,
        recorded_at,
        occurred_at,
        tenant,
        account,
        symbol,
        position_id,
        actor,
        causation,
        correlation,
        key,
        source,
        event: _,
    } = record;
    Time::write(recorded_at, encoder)?;
    Time::write(occurred_at, encoder)?;
    Text::write(tenant, encoder)?;
    Option::<AccountId>::write(account, encoder)?;
    Option::<Text>::write(symbol, encoder)?;
    Option::<Sixteen>::write(position_id, encoder)?;
    Text::write(actor, encoder)?;
    Option::<Number>::write(causation, encoder)?;
    Text::write(correlation, encoder)?;
    Option::<Sixteen>::write(key, encoder)?;
    Source::write(source, encoder)
}

/// Reads a record; `event` reads what comes after it.
///
/// Neighbours share most of their names: one that is the same as in the record `before` is taken from
/// there, where it was judged already.
pub(in crate::codec) fn read_record<'de, R: BorrowDecoder<'de>>(
    decoder: &mut R,
    sequence: Sequence,
    before: Option<&ledger::Record>,
    event: impl FnOnce(&mut R) -> Result<Event, Fault>,
) -> Result<ledger::Record, Fault> {
    macro_rules! text {
        ($type:ident, $before:expr) => {{
            let text = Text::bytes(decoder)?;
            match $before {
                Some(same) if same.as_str().as_bytes() == text => same.clone(),
                Some(_) | None => ledger::$type::new(Text::checked(text)?)?,
            }
        }};
    }
    Ok(ledger::Record {
        sequence,
        recorded_at: Time::read(decoder)?,
        occurred_at: Time::read(decoder)?,
        tenant: text!(Tenant, before.map(|before| &before.tenant)),
        // The byte that says whether it is there is that of an option.
        account: if bool::read(decoder)? {
            let account = before.and_then(|before| before.account.as_ref());
            Some(ledger::AccountId {
                tenant: text!(Tenant, account.map(|account| &account.tenant)),
                venue: text!(Venue, account.map(|account| &account.venue)),
                mode: Mode::read(decoder)?,
                name: text!(AccountName, account.map(|account| &account.name)),
            })
        } else {
            None
        },
        symbol: if bool::read(decoder)? {
            let symbol = before.and_then(|before| before.symbol.as_ref());
            Some(text!(Symbol, symbol))
        } else {
            None
        },
        position_id: Option::<Sixteen>::read(decoder)?,
        actor: text!(Actor, before.map(|before| &before.actor)),
        causation: Option::<Number>::read(decoder)?,
        correlation: text!(Correlation, before.map(|before| &before.correlation)),
        key: Option::<Sixteen>::read(decoder)?,
        source: Source::read(decoder)?,
        event: event(decoder)?,
    })
}
