/**
 * Which of the offered content codings an Accept-Encoding header allows, the most wanted first and
 * the offer's order among equals (RFC 9110 section 12.5.3). Nothing is allowed without a header,
 * and what has a weight of 0 never is.
 */
export function acceptedEncodings(header: string, offered: readonly string[]): readonly string[] {
  const weights = new Map<string, number>()
  for (const part of header.split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const q = parameters.find((each) => each.startsWith('q='))?.slice(2)
    const weight = q === undefined ? 1 : Number(q)
    if (coding !== '' && weight >= 0 && weight <= 1) weights.set(coding, weight)
  }
  const weightOf = (coding: string): number => {
    const alias = coding === 'gzip' ? weights.get('x-gzip') : undefined
    return weights.get(coding) ?? alias ?? weights.get('*') ?? 0
  }
  // What is as welcome as it is, unpacked, is packed.
  const identity = weights.get('identity') ?? 0
  return offered
    .filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= identity)
    .toSorted((a, b) => weightOf(b) - weightOf(a))
}
