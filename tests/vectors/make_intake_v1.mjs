// Writes intake-v1.json: known answers of sealed exchange keys, and of what key keepers sign.
// ML-KEM and X-Wing are @noble/post-quantum's (0.7.1), HPKE's key schedule, AES and Ed25519 Node.js' own: no code is
// shared with the product. Run in a folder where that package is installed:
//   node make_intake_v1.mjs > intake-v1.json
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import { createCipheriv, createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const id = (text) => Buffer.from(text.replaceAll("-", ""), "hex");
const text = (value) => Buffer.from(value, "utf8");
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const counted = (start, step, size) => Buffer.from(Array.from({ length: size }, (_, at) => (start + at * step) % 256));
const prefixed = (...parts) => Buffer.concat(parts.flatMap((part) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return [length, part];
}));
const number = (value, size) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - size);
};

// RFC 9180, section 5.1: base mode. KEM 0x647a (MLKEM768-X25519), KDF 1 (HKDF-SHA256), AEAD 2 (AES-256-GCM).
const SUITE_ID = Buffer.concat([text("HPKE"), Buffer.from("647a", "hex"), Buffer.from("0001", "hex"), Buffer.from("0002", "hex")]);
const extract = (salt, label, ikm) =>
  createHmac("sha256", salt).update(Buffer.concat([text("HPKE-v1"), SUITE_ID, text(label), ikm])).digest();
const expand = (prk, label, info, length) => {
  const labeled = Buffer.concat([number(length, 2), text("HPKE-v1"), SUITE_ID, text(label), info]);
  return createHmac("sha256", prk).update(labeled).update(Buffer.from([1])).digest().subarray(0, length);
};
const none = Buffer.alloc(0);
const sealed_under = (shared, info, plain) => {
  const context = Buffer.concat([Buffer.from([0]), extract(none, "psk_id_hash", none), extract(none, "info_hash", info)]);
  const secret = extract(shared, "secret", none);
  const cipher = createCipheriv("aes-256-gcm", expand(secret, "key", context, 32), expand(secret, "base_nonce", context, 12));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
};

const A = "ishoj-kommune";
const B = "kbh-vestegns-politi";
const INFOHUS = "01890f3e-0000-7000-8000-0000000000f1";
const CASE = "01890f3e-0000-7000-8000-0000000000c1";
const EXCHANGE = "01890f3e-0000-7000-8000-0000000000e1";
const RECORD = "01890f3e-0000-7000-8000-0000000000a1";
const KEY = "01890f3e-0000-7000-8000-000000000001";

const sealed = [[1, A, B, 1, 0], [2, B, A, 1, 1], [3, A, B, 4294967297, 9007199254740993n]].map(
  ([at, discloser_id, recipient_id, generation, key_number]) => {
    const seed = counted(at, 7, 32);
    const { publicKey } = xwing.keygen(seed);
    const { cipherText, sharedSecret } = xwing.encapsulate(publicKey, counted(at, 11, 64));
    const key = counted(at, 3, 32);
    const info = prefixed(
      text("infohus/v1/exchange"), id(EXCHANGE), id(CASE), text(discloser_id), text(recipient_id), number(generation, 8),
      number(key_number, 8),
    );
    return {
      seed: hex(seed), public_key: hex(publicKey), exchange_id: EXCHANGE, case_id: CASE, discloser_id, recipient_id,
      generation, number: String(key_number), info: hex(info), key: hex(key),
      sealed: hex(Buffer.concat([Buffer.from([1]), cipherText, sealed_under(sharedSecret, info, key)])),
    };
  },
);

const SEED = counted(5, 1, 32);
const signing = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]), format: "der", type: "pkcs8",
});
const public_key = createPublicKey(signing).export({ format: "der", type: "spki" }).subarray(-32);
const signed = (statement) => ({ statement: hex(statement), signature: hex(sign(null, statement, signing)) });

const intake = signed(prefixed(
  text("infohus/v1/intake-key"), text(B), id(INFOHUS), number(1, 8), number(1, 1), Buffer.from(sealed[0].public_key, "hex"),
));

const wrapped = counted(9, 5, 60);
const place = {
  record_id: RECORD, version: 2, part: "observation", key_id: KEY, owner_id: A, reader_id: B, case_id: CASE,
  exchange_id: EXCHANGE, person_id: null,
};
// The place of a wrap is written as in envelope-v1.json.
const clear_digest = sha256(text("{}"));
const envelopes = { observation: hex(counted(1, 1, 50)), interpretation: null, address: hex(counted(2, 1, 47)) };
const version_digest = sha256(prefixed(
  text("infohus/v1/version"), text("concern"), id(RECORD), number(2, 8), text(A), clear_digest,
  text("address"), Buffer.from(envelopes.address, "hex"), text("observation"), Buffer.from(envelopes.observation, "hex"),
));
const wrap_digest = sha256(prefixed(
  text("infohus/v1/wrap"),
  prefixed(
    text("infohus/v1/data-key"), id(RECORD), number(2, 8), text("observation"), id(KEY), text(A), text(B), id(CASE), none,
    id(EXCHANGE), version_digest,
  ),
  wrapped,
));
const other = [sha256(text("a wrap")), sha256(text("a version"))];
const pairs = [Buffer.concat([wrap_digest, version_digest]), Buffer.concat(other)].sort(Buffer.compare);
const exchange = signed(prefixed(
  text("infohus/v1/exchange-key"), id(EXCHANGE), id(CASE), text(A), text(B), number(1, 8), number(0, 8),
  sha256(Buffer.from(sealed[0].sealed, "hex")), Buffer.concat(pairs),
));

console.log(JSON.stringify({
  sealed,
  signer: { seed: hex(SEED), public_key: hex(public_key) },
  intake: { authority_id: B, infohus_id: INFOHUS, generation: 1, suite: 1, public_key: sealed[0].public_key, ...intake },
  wrap: { ...place, content: hex(version_digest), wrapped: hex(wrapped), digest: hex(wrap_digest) },
  version: {
    kind: "concern", record_id: RECORD, version: 2, owner_id: A, clear_digest: hex(clear_digest), envelopes,
    digest: hex(version_digest),
  },
  exchange: {
    exchange_id: EXCHANGE, case_id: CASE, discloser_id: A, recipient_id: B, generation: 1, number: 0,
    sealed: sealed[0].sealed, disclosed: [[hex(wrap_digest), hex(version_digest)], other.map(hex)], ...exchange,
  },
}, null, 1));
