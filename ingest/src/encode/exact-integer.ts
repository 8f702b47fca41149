/**
 * The integer that a decimal text writes where its double is another number, so that it belongs
 * into Reading.integers; undefined where the double is exact, and for what is no integer of 64
 * bits.
 */
export function exactInteger(text: string): bigint | undefined {
  if (text.length < 16 || !/^-?\d{1,20}$/.test(text)) return undefined
  return beyondDouble(BigInt(text))
}

/** The integer itself where a double cannot hold it. */
export function beyondDouble(integer: bigint): bigint | undefined {
  const isExact = BigInt(Number(integer)) === integer
  return isExact || BigInt.asIntN(64, integer) !== integer ? undefined : integer
}
