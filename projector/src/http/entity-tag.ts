/**
 * Whether an If-None-Match header names the tag of what would be sent, so that 304 is the answer:
 * RFC 9110 section 13.1.2, with the weak comparison of section 8.8.3.2. `*` names whatever there
 * is. A header that is no list of tags names nothing.
 *
 * @param etag of the representation that exists
 */
export function isNamed(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  if (!tagList.test(ifNoneMatch)) return false
  return (ifNoneMatch.match(tag) ?? []).some((each) => opaque(each) === opaque(etag))
}

const tag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g
const tagList = /^[\s,]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,[\s,]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*[\s,]*$/

function opaque(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
