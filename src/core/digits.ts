/** Digits less the zeros at their end. A pattern `0+$` would take quadratic time for `1000…01`. */
export function withoutEndingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return digits.slice(0, end);
}

const ZERO = 48;
