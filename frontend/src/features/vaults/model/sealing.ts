/**
 * The format of everything sealed, a second time: `docs/sealing-format.md` is what both implementations follow.
 * The server seals with `knowledge_vault/crypto.py`; one file of frozen vectors holds the two together.
 */

/** What a sealed value is and where it belongs: texts and whole numbers. */
export type Context = readonly (string | number)[];

/** Altered, cut, moved, or sealed under another key. Nothing of it may be used. */
export class SealBroken extends Error {
  constructor() {
    super('Sealed data did not open: it was altered, moved, or sealed under another key.');
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

const KEY_BYTES = 32;
const SALT_BYTES = 24;
const COMMITMENT_BYTES = 32;
const HEAD_BYTES = SALT_BYTES + COMMITMENT_BYTES;
const NONCE_BYTES = 12;
const CHUNK_BYTES = 16 * 1024;
const TAG_BYTES = 16;
const LABEL = new TextEncoder().encode('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0');

/** Seals `plaintext` so that only the same key and context open it. A salt must never serve twice. */
export async function seal(
  key: Bytes,
  plaintext: Bytes,
  context: Context,
  salt: Bytes = crypto.getRandomValues(new Uint8Array(SALT_BYTES)),
): Promise<Bytes> {
  const { cipher, nonce, commitment } = await schedule(key, salt, context);
  const pieces: Bytes[] = [salt, commitment];
  // The last chunk is always shorter than a whole one, empty if need be, so that a cut is seen.
  for (let at = 0; at <= plaintext.length; at += CHUNK_BYTES) {
    const iv = nonceOf(nonce, at / CHUNK_BYTES);
    const chunk = plaintext.subarray(at, at + CHUNK_BYTES);
    pieces.push(new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, cipher, chunk)));
  }
  return joined(pieces);
}

/** The plaintext that was sealed under this key and context; throws `SealBroken` for anything else. */
export async function openSealed(key: Bytes, sealed: Bytes, context: Context): Promise<Bytes> {
  const step = CHUNK_BYTES + TAG_BYTES;
  const body = sealed.subarray(HEAD_BYTES);
  if (sealed.length < HEAD_BYTES + TAG_BYTES || body.length % step < TAG_BYTES) throw new SealBroken();
  const { cipher, nonce, commitment } = await schedule(key, sealed.subarray(0, SALT_BYTES), context);
  if (!same(commitment, sealed.subarray(SALT_BYTES, HEAD_BYTES))) throw new SealBroken();
  const pieces: Bytes[] = [];
  for (let at = 0; at < body.length; at += step) {
    const iv = nonceOf(nonce, at / step);
    try {
      const chunk = body.subarray(at, at + step);
      pieces.push(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, cipher, chunk)));
    } catch {
      throw new SealBroken();
    }
  }
  return joined(pieces);
}

/** A count, then each part with its kind and length, so that no two contexts encode alike. */
export function encodeContext(context: Context): Bytes {
  const pieces: Bytes[] = [lengthOf(context.length)];
  for (const part of context) {
    if (typeof part === 'number' && !Number.isSafeInteger(part)) throw new RangeError('a whole number is needed');
    const data = new TextEncoder().encode(String(part));
    pieces.push(new TextEncoder().encode(typeof part === 'number' ? 'i' : 's'), lengthOf(data.length), data);
  }
  return joined(pieces);
}

async function schedule(
  key: Bytes,
  salt: Bytes,
  context: Context,
): Promise<{ cipher: CryptoKey; nonce: Bytes; commitment: Bytes }> {
  if (key.length !== KEY_BYTES) throw new RangeError('a key has 32 bytes');
  const info = joined([LABEL, salt, encodeContext(context)]);
  const made = await expand(key, info, KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES);
  const usages: KeyUsage[] = ['encrypt', 'decrypt'];
  return {
    cipher: await crypto.subtle.importKey('raw', made.slice(0, KEY_BYTES), 'AES-GCM', false, usages),
    nonce: made.slice(KEY_BYTES, KEY_BYTES + NONCE_BYTES),
    commitment: made.slice(KEY_BYTES + NONCE_BYTES),
  };
}

/** HKDF-Expand with SHA-512 (RFC 5869, step 2): WebCrypto's own HKDF cannot leave step 1 out. */
async function expand(key: Bytes, info: Bytes, length: number): Promise<Bytes> {
  const mac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign']);
  let made: Bytes = new Uint8Array();
  let block: Bytes = new Uint8Array();
  for (let number = 1; made.length < length; number += 1) {
    const input = joined([block, info, new Uint8Array([number])]);
    block = new Uint8Array(await crypto.subtle.sign('HMAC', mac, input));
    made = joined([made, block]);
  }
  return made.slice(0, length);
}

/** The base nonce XOR the chunk's number, as big-endian numbers of 96 bits. */
function nonceOf(base: Bytes, number: number): Bytes {
  const nonce = base.slice();
  const view = new DataView(nonce.buffer);
  view.setUint32(8, (view.getUint32(8) ^ number) >>> 0);
  return nonce;
}

function lengthOf(count: number): Bytes {
  const encoded = new Uint8Array(8);
  new DataView(encoded.buffer).setBigUint64(0, BigInt(count), true);
  return encoded;
}

function same(one: Bytes, other: Bytes): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return difference === 0;
}

function joined(pieces: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
