// Writes envelope-v1.json: known answers of envelope v1, of the digest of clear columns, and of the keys around them.
// It uses Node.js' own cryptography and shares no code with the product. Run: node tests/vectors/make_envelope_v1.mjs
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const id = (text) => Buffer.from(text.replaceAll("-", ""), "hex");
const prefixed = (...parts) => Buffer.concat(parts.flatMap((part) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return [length, part];
}));
const eight = (number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
};
const counted = (start, step, size) => Buffer.from(Array.from({ length: size }, (_, at) => (start + at * step) % 256));
const gcm = (key, nonce, context, text) => {
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(context);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
};
// RFC 5869, section 2.3, for one block: T(1) = HMAC(PRK, info | 0x01).
const expand = (secret, ...label) =>
  createHmac("sha256", secret).update(prefixed(...label)).update(Buffer.from([1])).digest();
const text = (value) => Buffer.from(value, "utf8");

const CASE = "01890f3e-0000-7000-8000-0000000000c1";
const OTHER_CASE = "01890f3e-0000-7000-8000-0000000000c2";
const KEY = counted(1, 1, 32);

const COLUMNS = [
  {
    name: "of every type",
    // Read back as: id, boolean, whole number, moment, moment with fractions, day, list, bytes, nothing, Danish letters.
    columns: {
      id: "01890f3e-0000-7000-8000-0000000000a1", is_late: true, record_version: 7, recorded_at: "2026-11-23T12:00:00Z",
      exchanged_at: "2026-11-23T10:59:59.000001Z", dated_on: "2026-10-31", categories: ["ordinary", "criminal_offences"],
      manifest: "AAEC/w==", corrects_id: null, outcome: "på \"prøve\"",
    },
  },
  { name: "none", columns: {} },
];
for (const one of COLUMNS) {
  const sorted = Object.fromEntries(Object.entries(one.columns).sort(([a], [b]) => (a < b ? -1 : 1)));
  one.written = JSON.stringify(sorted);
  one.digest = hex(createHash("sha256").update(one.written, "utf8").digest());
}

const envelope = (number, name, kind, part, field, record_id, case_id, owner_id, version, value) => {
  const key_id = "01890f3e-0000-7000-8000-00000000000" + (number % 2 ? "1" : "2");
  const key = number % 2 ? KEY : counted(7, 5, 32);
  const nonce = counted(3 * number, 1 + number, 12);
  const digest = Buffer.from(COLUMNS[number % 2].digest, "hex");
  const context = prefixed(
    text("infohus/v1"), text(kind), text(part), text(field), id(record_id), id(case_id), text(owner_id), eight(version),
    id(key_id), digest,
  );
  const sealed = Buffer.concat([Buffer.from([1]), id(key_id), nonce, gcm(key, nonce, context, text(value))]);
  return {
    name, data_key: hex(key), key_id, kind, part, field, record_id, case_id, owner_id, version,
    clear_digest: hex(digest), text: value, nonce: hex(nonce), associated_data: hex(context), envelope: hex(sealed),
  };
};
const A1 = "01890f3e-0000-7000-8000-0000000000a1";
const A2 = "01890f3e-0000-7000-8000-0000000000a2";
const envelopes = [
  envelope(1, "a Danish text", "concern", "observation", "observation", A1, CASE, "ishoj-kommune", 1,
    "Han taler om våben på gården i Ishøj."),
  envelope(2, "no text", "concern", "interpretation", "interpretation", A1, CASE, "ishoj-kommune", 1, ""),
  envelope(3, "a CPR number", "subject", "whole", "cpr_number", A2, CASE, "kbh-vestegns-politi", 1, "010104-1234"),
  envelope(4, "letters outside the first plane, and control characters", "information", "whole", "text", A2, OTHER_CASE,
    "kbh-vestegns-politi", 2, "👩‍👩‍👧\u0000\n\u001f漢字"),
  envelope(5, "a late version", "assessment", "whole", "content", A1, CASE, "ishoj-kommune", "9007199254740993", "{}"),
  envelope(6, "a text of several blocks", "exchange", "supervision", "answers", A2, CASE, "ishoj-kommune", 1,
    "Nødvendigt. ".repeat(40)),
];
// A number of JSON holds no more than 53 bits exactly.
for (const one of envelopes) one.version = Number(one.version) > 2 ** 53 ? String(one.version) : one.version;

const EXCHANGE = "01890f3e-0000-7000-8000-0000000000e1";
const PERSON = "0d9f3c52-6a41-4be7-9a1e-3f5c20d84b61";
const INFOHUS = "01890f3e-0000-7000-8000-0000000000b1";
const NOTHING = Buffer.alloc(0);

// A secret of the reader's side, wrapped by its keeper.
const side = (number, reader_id, case_id) => {
  const keeper_key = counted(20 + number, 21 + number, 32);
  const secret = counted(31 * number, 7, 32);
  const nonce = counted(number, 9, 12);
  const context = prefixed(text("infohus/v1/keeper"), text(reader_id), prefixed(text("side"), id(case_id)));
  return {
    keeper_key: hex(keeper_key), secret: hex(secret),
    wrapped_secret: hex(Buffer.concat([nonce, gcm(keeper_key, nonce, context, secret)])),
  };
};
// A data key: under the own secret, under an exchange key, or kept under the own secret.
const wrap = (number, use, owner_id, reader_id, case_id, exchange, person_id, part, version) => {
  const own = side(number, reader_id, case_id);
  const exchange_key = exchange && { ...exchange, key: hex(counted(17 * number, 5, 32)) };
  const nonces = [counted(number, 11, 12), counted(number, 13, 12)];
  const data_key = counted(5 * number, 3, 32);
  const content = exchange ? counted(number, 19, 32) : NOTHING;
  const key_id = "01890f3e-0000-7000-8000-0000000000f1";
  const secret = Buffer.from(own.secret, "hex");
  const wrapping_key = use === "disclosed"
    ? expand(Buffer.from(exchange_key.key, "hex"), text("infohus/v1/disclosed-key"), id(exchange.exchange_id),
      text(reader_id), eight(exchange.number))
    : expand(secret, text("infohus/v1/" + use), id(case_id), text(reader_id));
  const context = prefixed(
    text("infohus/v1/data-key"), id(A1), eight(version), text(part), id(key_id), text(owner_id), text(reader_id),
    id(case_id), person_id ? id(person_id) : NOTHING, exchange ? id(exchange.exchange_id) : NOTHING, content,
  );
  if (exchange) {
    const info = prefixed(
      text("infohus/v1/exchange"), id(exchange.exchange_id), id(case_id), text(exchange.discloser_id), text(reader_id),
      eight(exchange.generation), eight(exchange.number),
    );
    const taken_in = prefixed(text("infohus/v1/taken-in"), id(INFOHUS), info);
    const under = expand(secret, text("infohus/v1/exchanges"), id(case_id), text(reader_id));
    exchange_key.taken_in = hex(
      Buffer.concat([nonces[1], gcm(under, nonces[1], taken_in, Buffer.from(exchange_key.key, "hex"))]),
    );
  }
  return {
    use, record_id: A1, version, part, key_id, owner_id, reader_id, case_id, infohus_id: INFOHUS, person_id, ...own,
    exchange: exchange_key, content: exchange ? hex(content) : null, wrapping_key: hex(wrapping_key),
    data_key: hex(data_key), associated_data: hex(context),
    wrapped_data_key: hex(Buffer.concat([nonces[0], gcm(wrapping_key, nonces[0], context, data_key)])),
  };
};
const given = { exchange_id: EXCHANGE, discloser_id: "ishoj-kommune", generation: 3, number: 2 };
const wraps = [
  wrap(1, "own", "ishoj-kommune", "ishoj-kommune", CASE, null, null, "whole", 1),
  wrap(2, "disclosed", "ishoj-kommune", "kbh-vestegns-politi", CASE, given, null, "observation", 1),
  wrap(3, "own", "kriminalforsorgen", "kriminalforsorgen", OTHER_CASE, null, PERSON, "whole", 300),
  wrap(4, "kept", "ishoj-kommune", "vaerestedet", CASE, given, null, "whole", 1),
];

const infohus_id = "01890f3e-0000-7000-8000-0000000000f1";
const index_key = counted(41, 41, 32);
const keyed = (...parts) =>
  hex(createHmac("sha256", index_key).update(prefixed(text("infohus/v1"), ...parts)).digest());
const answers = {
  format: "infohus envelope v1; made with another implementation (Node.js crypto)",
  columns: COLUMNS,
  envelopes,
  wraps,
  keyed: {
    infohus_id,
    index_key: hex(index_key),
    indexes: [["cpr", "0101041234"], ["name", "prøvesen"], ["", ""]].map(([kind, value]) => ({
      kind, value, index: keyed(text("index"), text(kind), text(value)),
    })),
    pseudonym: {
      person_id: PERSON,
      pseudonym: Buffer.from(keyed(text("pseudonym"), id(PERSON)), "hex").subarray(0, 16).toString("base64url"),
    },
    fingerprint: { payload: hex(text("{}")), fingerprint: keyed(text("fingerprint"), text("{}")) },
  },
};
writeFileSync(new URL("envelope-v1.json", import.meta.url), JSON.stringify(answers, null, 2) + "\n");
