import assert from 'node:assert/strict'

/** Publishes through a proxy; throws when not all are stored. */
export async function publish(
  base: string,
  token: string,
  items: readonly { readonly subject: string; readonly data: unknown }[],
): Promise<void> {
  const response = await fetch(`${base}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(items),
  })
  assert.deepEqual(await response.json(), { accepted: items.length, duplicates: 0 })
}
