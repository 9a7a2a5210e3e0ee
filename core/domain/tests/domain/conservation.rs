//! Whatever is asked in whatever order: no fen comes or goes, and a retry moves nothing.

use crate::world::{INSTALMENT, World, number, product, wrong};
use map_domain::Fen;
use map_domain::command::pay::{Pay, Payer};
use map_domain::command::top_up;
use map_domain::command::transfer::TransferToCash;
use proptest::prelude::*;

/// Something that is asked.
#[derive(Debug, Clone)]
enum Ask {
    Pay {
        serial: u8,
        fen: i64,
        card: bool,
        wrong: bool,
    },
    Undo {
        serial: u8,
    },
    Cancel {
        serial: u8,
        original: u8,
    },
    TopUp {
        key: u8,
        fen: i64,
    },
    Transfer {
        key: u8,
        fen: i64,
        wrong: bool,
    },
    Open {
        key: u8,
    },
    Wait {
        hours: u16,
    },
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..50_000, Just(0), Just(-1), Just(i64::MAX), Just(i64::MIN)]
}

fn ask() -> impl Strategy<Value = Ask> {
    let key = 0_u8..6;
    let wrong = prop::bool::weighted(0.1);
    prop_oneof![
        4 => (key.clone(), amount(), any::<bool>(), wrong)
            .prop_map(|(serial, fen, card, wrong)| Ask::Pay { serial, fen, card, wrong }),
        3 => key.clone().prop_map(|serial| Ask::Undo { serial }),
        2 => (key.clone(), key.clone()).prop_map(|(serial, original)| Ask::Cancel { serial, original }),
        1 => (key.clone(), amount()).prop_map(|(key, fen)| Ask::TopUp { key, fen }),
        2 => (key.clone(), amount(), wrong).prop_map(|(key, fen, wrong)| Ask::Transfer { key, fen, wrong }),
        1 => key.prop_map(|key| Ask::Open { key }),
        1 => (0_u16..2000).prop_map(|hours| Ask::Wait { hours }),
    ]
}

/// Asks; whether money moved. Every decision is checked by the world before it is applied.
fn play(world: &mut World, ask: &Ask) -> bool {
    let entries = world.journal.len();
    match ask {
        Ask::Pay {
            serial,
            fen,
            card,
            wrong: guess,
        } => {
            let payer = if *card {
                Payer::Account(number(INSTALMENT))
            } else {
                Payer::Mobile
            };
            let mut command = world.pay(&serial.to_string(), payer, *fen);
            if *guess {
                command = Pay {
                    code: wrong(),
                    ..command
                };
            }
            let _ = world.do_pay(&command);
        }
        Ask::Undo { serial } => {
            let command = world.undo(&serial.to_string());
            let _ = world.do_undo(&command);
        }
        Ask::Cancel { serial, original } => {
            let command = world.cancel(&serial.to_string(), &original.to_string());
            let _ = world.do_cancel(&command);
        }
        Ask::TopUp { key, fen } => {
            let command = world.top_up(&key.to_string(), *fen);
            let _ = world.run(top_up::decide, &command);
        }
        Ask::Transfer {
            key,
            fen,
            wrong: guess,
        } => {
            let mut command = world.transfer(&key.to_string(), INSTALMENT, *fen);
            if *guess {
                command = TransferToCash {
                    code: wrong(),
                    ..command
                };
            }
            let _ = world.do_transfer(&command);
        }
        Ask::Open { key } => {
            let mut command = world.open(&key.to_string(), product());
            command.card_number = number(&format!("200188800000000{}", key + 1));
            let _ = world.do_open(&command);
        }
        Ask::Wait { hours } => world.pass(i64::from(*hours) * 3_600_000),
    }
    world.journal.len() > entries
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_fen_comes_or_goes(asks in prop::collection::vec(ask(), 1..60)) {
        let mut world = World::with_cash(10_000);
        for ask in &asks {
            play(&mut world, ask);
            world.assert_books_balance();
        }
    }

    #[test]
    fn a_retry_moves_nothing(asks in prop::collection::vec(ask(), 1..40)) {
        let mut world = World::with_cash(10_000);
        for ask in asks.iter().filter(|ask| !matches!(ask, Ask::Wait { .. })) {
            play(&mut world, ask);
            let before = (world.state.accounts.clone(), world.state.customer.clone());
            prop_assert!(!play(&mut world, ask), "{ask:?} moved money again");
            prop_assert_eq!(&before.0, &world.state.accounts);
            prop_assert_eq!(&before.1, &world.state.customer);
        }
    }

    #[test]
    fn an_available_balance_never_exceeds_what_is_released(
        stages in 0_u32..24, face in 600_i64..10_000_000, days in 0_i64..1000,
    ) {
        let mut world = World::new();
        let mut product = product();
        (product.stages, product.validity_months) = (stages, 24);
        (product.face_value, product.price) = (Fen::new(face), Fen::new(face));
        prop_assert_eq!(product.problems(), vec![]);
        let open = world.open("1", product);
        world.do_open(&open).unwrap();
        let mut last = (Fen::ZERO, u32::MAX);
        for _ in 0..4 {
            let card = world.account(INSTALMENT);
            let released = card.released(world.now);
            prop_assert_eq!(released.checked_add(card.unreleased(world.now)), Some(card.face_value));
            prop_assert!(released >= last.0 && card.remaining_stages(world.now) <= last.1, "releases only grow");
            prop_assert_eq!(card.available(world.now), released);
            prop_assert_eq!(card.remaining_stages(world.now) == 0, released == card.face_value);
            last = (released, card.remaining_stages(world.now));
            world.pass(days * crate::world::DAY / 3);
        }
    }
}
