-- The payment of `map bench` as one stored function of PostgreSQL: what MAP keeps of a payment, in tables.
-- Index rows (the platform's order number, the seller's day) are secondary indexes here.

CREATE TABLE customers (
    id        bigint PRIMARY KEY,
    mobile    bigint NOT NULL UNIQUE,
    code      bytea NOT NULL,
    failures  int NOT NULL DEFAULT 0,
    locked    boolean NOT NULL DEFAULT false,
    entries   bigint NOT NULL DEFAULT 0,
    version   bigint NOT NULL DEFAULT 1
);

CREATE TABLE accounts (
    number    text PRIMARY KEY,
    customer  bigint NOT NULL REFERENCES customers,
    kind      smallint NOT NULL,
    balance   bigint NOT NULL CHECK (balance >= 0),
    UNIQUE (customer, kind)
);

CREATE TABLE orders (
    seller    text NOT NULL,
    terminal  text NOT NULL,
    batch     text NOT NULL,
    serial    bigint NOT NULL,
    content   bytea NOT NULL,
    number    text NOT NULL UNIQUE,
    customer  bigint NOT NULL,
    account   text NOT NULL,
    amount    bigint NOT NULL,
    available bigint NOT NULL,
    caller    text NOT NULL,
    store     text NOT NULL,
    clerk     text NOT NULL,
    day       int NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (seller, terminal, batch, serial)
);
CREATE INDEX merchant_day ON orders (seller, day, number);

CREATE TABLE entries (
    customer  bigint NOT NULL,
    sequence  bigint NOT NULL,
    number    text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (customer, sequence)
);

CREATE TABLE postings (
    customer  bigint NOT NULL,
    sequence  bigint NOT NULL,
    leg       smallint NOT NULL,
    ledger    text NOT NULL,
    amount    bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (customer, sequence, leg)
);

CREATE SEQUENCE numbers;

-- What is checked and written is what `core/domain/src/command/pay.rs` checks and writes.
CREATE FUNCTION pay(
    p_seller text, p_terminal text, p_batch text, p_serial bigint, p_mobile bigint, p_code text, p_amount bigint
) RETURNS TABLE (r_number text, r_available bigint) LANGUAGE plpgsql AS $$
DECLARE
    said    bytea := sha256(convert_to(p_mobile || '|' || p_amount || '|ST12345', 'UTF8'));
    known   orders;
    payer   customers;
    paying  accounts;
    now_at  timestamptz := clock_timestamp();
    new_no  text;
BEGIN
    SELECT * INTO known FROM orders
        WHERE seller = p_seller AND terminal = p_terminal AND batch = p_batch AND serial = p_serial;
    IF FOUND THEN
        IF known.content <> said THEN RAISE EXCEPTION 'IDEMPOTENCY_KEY_REUSED'; END IF;
        RETURN QUERY SELECT known.number, known.available;
        RETURN;
    END IF;
    SELECT * INTO payer FROM customers WHERE mobile = p_mobile FOR UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'CONSUMER_UNKNOWN'; END IF;
    IF payer.locked THEN RAISE EXCEPTION 'PAYMENT_CODE_LOCKED'; END IF;
    IF payer.code <> sha256(convert_to(payer.id || '|' || p_code, 'UTF8')) THEN
        RAISE EXCEPTION 'PAYMENT_CODE_WRONG';
    END IF;
    SELECT * INTO paying FROM accounts WHERE customer = payer.id AND kind = 95;
    IF paying.balance < p_amount THEN RAISE EXCEPTION 'INSUFFICIENT_BALANCE'; END IF;
    new_no := 'ud' || lpad(nextval('numbers')::text, 20, '0');
    UPDATE accounts SET balance = balance - p_amount WHERE number = paying.number;
    UPDATE customers SET entries = entries + 1, version = version + 1, failures = 0 WHERE id = payer.id;
    INSERT INTO orders VALUES (
        p_seller, p_terminal, p_batch, p_serial, said, new_no, payer.id, paying.number, p_amount,
        paying.balance - p_amount, 'app/bench', 'ST12345', 'zhangsan',
        to_char(now_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')::int, now_at
    );
    INSERT INTO entries VALUES (payer.id, payer.entries + 1, new_no, now_at);
    INSERT INTO postings VALUES
        (payer.id, payer.entries + 1, 1, 'account/' || paying.number, -p_amount),
        (payer.id, payer.entries + 1, 2, 'seller/' || p_seller, p_amount);
    RETURN QUERY SELECT new_no, paying.balance - p_amount;
END $$;

INSERT INTO customers (id, mobile, code)
    SELECT n, 13000000000 + n, sha256(convert_to(n || '|246810', 'UTF8'))
    FROM generate_series(0, :customers - 1) AS n;
INSERT INTO accounts
    SELECT '2001888' || lpad(n::text, 9, '0'), n, 20, 0 FROM generate_series(0, :customers - 1) AS n;
INSERT INTO accounts
    SELECT '9501888' || lpad(n::text, 9, '0'), n, 95, 100000000 FROM generate_series(0, :customers - 1) AS n;
