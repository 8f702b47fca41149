import * as v from 'valibot'

/**
 * A map of a file with these fields and no others, whose faults are sentences: valibot's own name
 * types of TypeScript.
 */
export function exactMap<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, v.ErrorMessage<v.StrictObjectIssue>> {
  const names = Object.keys(entries).join(', ')
  return v.strictObject(entries, ({ expected }) => {
    if (expected === 'never') return `there is no such field here; there are ${names}`
    return expected === 'Object' ? `a map with ${names} is expected` : 'this field is required'
  })
}
