/**
 * Phone numbers, and the two addresses WhatsApp has for a person: `<number>@c.us` and `<lid>@lid`.
 *
 * Inside the sandbox a number is its digits alone (`12025550101`); outside it carries a `+`. A LID is worked out from
 * the number by multiplication modulo a prime, so that it tells nothing at sight, needs no table and can be turned back.
 */
import { Problem } from './problems.js';

/** The smallest prime above 10^15: every E.164 number (15 digits at most) lies below it. */
const PRIME = 1_000_000_000_000_037n;
const FACTOR = 618_033_988_749_894n;
const INVERSE = power(FACTOR, PRIME - 2n);

/** +1 202 55x xxxx: numbers that exist without having been made. */
const IMPLICIT = /^120255\d{5}$/;

/**
 * @param {bigint} base
 * @param {bigint} exponent
 */
function power(base, exponent) {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * b) % PRIME;
    b = (b * b) % PRIME;
  }
  return result;
}

/**
 * @param {unknown} text a number with or without `+`
 * @param {string} field named in the error
 * @returns {string} its digits
 * @throws {Problem} invalid_number
 */
export function parseNumber(text, field) {
  const match = typeof text === 'string' ? /^\+?([1-9]\d{6,14})$/.exec(text) : null;
  if (!match)
    throw new Problem('invalid_number', `${field} is not a phone number in international form`, field);
  return match[1];
}

/** @param {string} number */
export const isImplicit = (number) => IMPLICIT.test(number);

/** @param {string} number */
export const lidOf = (number) => String((BigInt(number) * FACTOR) % PRIME);

/**
 * @param {string} number
 * @param {'lid' | 'pn'} addressing
 */
export const addressOf = (number, addressing) =>
  addressing === 'lid' ? `${lidOf(number)}@lid` : `${number}@c.us`;

/**
 * @param {unknown} address `…@c.us` or `…@lid`
 * @returns {string | null} the number it belongs to, null when it is no address of a person
 */
export function numberAt(address) {
  const match = typeof address === 'string' ? /^(\d{1,16})@(c\.us|lid)$/.exec(address) : null;
  if (!match) return null;
  const digits = match[2] === 'c.us' ? match[1] : String((BigInt(match[1]) * INVERSE) % PRIME);
  return /^[1-9]\d{6,14}$/.test(digits) ? digits : null;
}
