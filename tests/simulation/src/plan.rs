//! What happens in a run: a list of steps, made from the seed alone.
//!
//! A step carries all its own chance (the seed of the faults that its calls meet), so that a list
//! without some of its steps is a run, too: that is how a failing run is shortened.

use map_store::faulty::Odds;

/// How many customers there are. The last of them is not there when a run begins.
pub const CUSTOMERS: u8 = 4;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place in the whole plan, also where steps around it were left out.
    pub number: usize,
    /// What.
    pub what: What,
    /// Which server is asked.
    pub server: usize,
    /// Whether the client signs what it asks, where it is of a sort that is signed; the same bytes again are
    /// signed as they were, or anew.
    pub signs: bool,
    /// How long the next step waits for this one's answer at most, in ms.
    pub pause_ms: u32,
    /// How long the client waits for an answer, in ms; then it gives up.
    pub patience_ms: u32,
    /// The seed of the faults from here on.
    pub faults: u64,
    /// How many there are.
    pub odds: Odds,
}

/// A payment code as a client presents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The one that was set last, as far as the client knows.
    Right,
    /// Another.
    Wrong,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A client asks something new.
    Ask(Ask),
    /// The client of an earlier step comes back, or its message comes twice: the same bytes.
    Again(usize),
    /// The key of an earlier step with other content.
    OtherContent(usize),
    /// A payment or order is asked for again with the right code, where the earlier step had a wrong one.
    RightCode(usize),
    /// Somebody presents what an earlier step signed for something else.
    Stolen(usize, Ask),
    /// The server crashes and is started anew; commits that are not synced are kept or lost by chance.
    Crash(u64),
    /// Time passes, in ms.
    Clock(i64),
    /// It becomes so many ms before midnight.
    Midnight(i64),
    /// What is on its way to the store arrives now.
    Arrive,
    /// What is on its way to the store is lost for ever.
    Lose,
}

/// What a client asks. A number names a thing of this run: a serial, an order number, a customer. A step
/// number names what an earlier step asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are named as in the messages")]
pub enum Ask {
    /// Pay at the terminal.
    Pay {
        serial: u32,
        customer: u8,
        card: bool,
        fen: i64,
        code: Code,
    },
    /// Undo the payment of a serial.
    Undo { serial: u32 },
    /// Cancel the payment of a serial, under a serial of its own; by its order number where that is known.
    Cancel {
        serial: u32,
        original: u32,
        by_number: bool,
    },
    /// What became of a serial.
    FindPayment { serial: u32 },
    /// Ask for a balance with a payment code; a wrong one counts.
    Balance { serial: u32, customer: u8, code: Code },
    /// Put money on the cash account.
    TopUp { number: u32, customer: u8, fen: i64 },
    /// Transfer from the customer's newest card.
    Transfer {
        number: u32,
        customer: u8,
        fen: i64,
        code: Code,
    },
    /// Open a card, with a fresh SMS code or a wrong one.
    Open {
        number: u32,
        customer: u8,
        discount: bool,
        sms: Code,
    },
    /// What became of an opening.
    FindOpening { number: u32 },
    /// Set the payment code.
    SetCode { number: u32, customer: u8, sms: Code },
    /// Reset the payment code.
    ResetCode { number: u32, customer: u8, sms: Code },
    /// Operator: unlock the payment code.
    Unlock { number: u32, customer: u8 },
    /// Operator: freeze the cash account, or lift the freeze.
    Freeze { number: u32, customer: u8, frozen: bool },
    /// Operator: give the payment of a serial back.
    OperatorReverse { number: u32, serial: u32 },
}

/// The plan of a seed.
pub fn plan(seed: u64, steps: usize) -> Vec<Step> {
    let mut planner = Planner {
        rng: fastrand::Rng::with_seed(seed),
        numbers: 0,
        serials: Vec::new(),
        openings: Vec::new(),
        asks: Vec::new(),
    };
    // Some runs are calm, some are wild.
    let odds = match planner.rng.u8(0..8) {
        0 => Odds { writes: 20, reads: 5 },
        1..=4 => Odds {
            writes: 150,
            reads: 10,
        },
        5 | 6 => Odds {
            writes: 350,
            reads: 30,
        },
        _ => Odds {
            writes: 600,
            reads: 100,
        },
    };
    (0..steps).map(|number| planner.step(number, odds)).collect()
}

struct Planner {
    rng: fastrand::Rng,
    numbers: u32,
    serials: Vec<u32>,
    openings: Vec<u32>,
    asks: Vec<usize>,
}

impl Planner {
    fn step(&mut self, number: usize, odds: Odds) -> Step {
        let what = self.what();
        if matches!(what, What::Ask(_)) {
            self.asks.push(number);
        }
        let what_is_again = matches!(what, What::Again(_));
        let rng = &mut self.rng;
        Step {
            number,
            what,
            server: rng.usize(0..2),
            signs: match what_is_again {
                true => rng.u8(0..4) == 0,
                false => rng.u8(0..3) > 0,
            },
            // Half of the steps have their answer before the next begins; the others overlap.
            pause_ms: if rng.bool() { 30_000 } else { rng.u32(0..30) },
            patience_ms: match rng.u8(0..4) {
                0 => rng.u32(1..40),
                _ => 20_000,
            },
            faults: rng.u64(..),
            odds,
        }
    }

    fn what(&mut self) -> What {
        match self.rng.u8(0..100) {
            0..62 => What::Ask(self.ask()),
            62..77 => self.earlier().map_or(What::Arrive, What::Again),
            77..82 => match self.earlier() {
                Some(of) => What::Stolen(of, self.theft()),
                None => What::Arrive,
            },
            82..87 => self.earlier().map_or(What::Arrive, What::OtherContent),
            87..90 => self.earlier().map_or(What::Arrive, What::RightCode),
            90..94 => What::Crash(self.rng.u64(..)),
            94..97 => What::Clock(self.pass()),
            97 => What::Midnight(self.rng.i64(0..3)),
            98 => What::Arrive,
            _ => What::Lose,
        }
    }

    /// A step before, more often a late one.
    fn earlier(&mut self) -> Option<usize> {
        let back = match self.rng.u8(0..4) {
            0 => self.rng.usize(0..self.asks.len().max(1)),
            _ => self.rng.usize(0..6),
        };
        let at = self.asks.len().checked_sub(back + 1)?;
        self.asks.get(at).copied()
    }

    /// Seconds mostly, sometimes days or months.
    fn pass(&mut self) -> i64 {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        match self.rng.u8(0..10) {
            0..6 => self.rng.i64(1_000..120_000),
            6..8 => self.rng.i64(0..DAY),
            8 => self.rng.i64(DAY..8 * DAY),
            _ => 31 * DAY,
        }
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// A serial that nobody has used.
    fn new_serial(&mut self) -> u32 {
        let serial = self.number();
        self.serials.push(serial);
        serial
    }

    /// A serial that somebody used, more often a late one; sometimes a new one.
    fn serial(&mut self) -> u32 {
        if self.serials.is_empty() || self.rng.u8(0..8) == 0 {
            return self.new_serial();
        }
        let last = self.serials.len() - 1;
        let back = match self.rng.u8(0..3) {
            0 => self.rng.usize(0..=last),
            _ => self.rng.usize(0..=last.min(3)),
        };
        self.serials[last - back]
    }

    fn customer(&mut self) -> u8 {
        // The first customer is a busy one.
        match self.rng.u8(0..8) {
            0..4 => 0,
            _ => self.rng.u8(0..CUSTOMERS),
        }
    }

    fn code(&mut self, wrong: u8) -> Code {
        if self.rng.u8(0..100) < wrong {
            Code::Wrong
        } else {
            Code::Right
        }
    }

    fn fen(&mut self) -> i64 {
        match self.rng.u8(0..12) {
            0 => 50_000_000,
            _ => self.rng.i64(1..40_000),
        }
    }

    /// What somebody wants who has read a signed request along: to charge again, or to give back.
    fn theft(&mut self) -> Ask {
        match self.rng.u8(0..4) {
            0 | 1 => Ask::Pay {
                serial: self.new_serial(),
                customer: self.customer(),
                card: false,
                fen: self.fen(),
                code: Code::Right,
            },
            2 => Ask::Undo {
                serial: self.serial(),
            },
            _ => Ask::Cancel {
                serial: self.number(),
                original: self.serial(),
                by_number: false,
            },
        }
    }

    fn ask(&mut self) -> Ask {
        let customer = self.customer();
        match self.rng.u8(0..100) {
            0..32 => {
                // A serial that an undo or a cancel had before its payment is used, too.
                let serial = if self.rng.u8(0..10) == 0 {
                    self.serial()
                } else {
                    self.new_serial()
                };
                Ask::Pay {
                    serial,
                    customer,
                    card: self.rng.u8(0..6) == 0,
                    fen: self.fen(),
                    code: self.code(20),
                }
            }
            32..48 => Ask::Undo {
                serial: self.serial(),
            },
            48..58 => {
                let original = self.serial();
                let serial = match self.rng.u8(0..4) {
                    0 => original,
                    _ => self.number(),
                };
                Ask::Cancel {
                    serial,
                    original,
                    by_number: self.rng.u8(0..3) == 0,
                }
            }
            58..60 => Ask::FindPayment {
                serial: self.serial(),
            },
            60..65 => Ask::Balance {
                serial: self.number(),
                customer,
                code: Code::Wrong,
            },
            65..73 => Ask::TopUp {
                number: self.number(),
                customer,
                fen: self.fen(),
            },
            73..79 => Ask::Transfer {
                number: self.number(),
                customer,
                fen: self.fen(),
                code: self.code(15),
            },
            79..84 => {
                let number = self.number();
                self.openings.push(number);
                Ask::Open {
                    number,
                    customer,
                    discount: self.rng.bool(),
                    sms: self.code(15),
                }
            }
            84..87 => {
                let number = match self.openings.last() {
                    Some(last) => *last,
                    None => self.number(),
                };
                Ask::FindOpening { number }
            }
            87..89 => Ask::SetCode {
                number: self.number(),
                customer,
                sms: self.code(15),
            },
            89..91 => Ask::ResetCode {
                number: self.number(),
                customer,
                sms: self.code(15),
            },
            91..94 => Ask::Unlock {
                number: self.number(),
                customer,
            },
            94..96 => Ask::Freeze {
                number: self.number(),
                customer,
                frozen: self.rng.u8(0..3) == 0,
            },
            _ => Ask::OperatorReverse {
                number: self.number(),
                serial: self.serial(),
            },
        }
    }
}
