import assert from 'node:assert/strict'
import { test } from 'node:test'
import { voucherOf } from '../src/voucher-message.ts'

const subject = 'kitchen.centro.whatsapp.wamid_1.id=abc'

function body(message: unknown, contacts: unknown = [{ profile: { name: 'Lucía' } }]): unknown {
  return { entry: [{ changes: [{ value: { messages: [message], contacts } }] }] }
}

test('a picture with its caption is a voucher', () => {
  const message = { id: 'wamid.1', from: '519', image: { caption: '2 Ceviche, 1 Causa. S/ 48.00' } }
  assert.deepEqual(voucherOf(subject, body(message)), {
    message: 'wamid.1',
    branch: 'centro',
    customer: 'Lucía',
    items: '2 Ceviche, 1 Causa',
    amount: 'S/ 48.00',
  })
  const bare = voucherOf(subject, body({ id: 'wamid.1', from: '519', image: {} }, 'none'))
  assert.deepEqual([bare?.customer, bare?.items, bare?.amount], ['519', 'sin detalle', 'sin monto'])
})

test('what is no voucher is passed over, whatever it is', () => {
  const message = { id: 'wamid.1', image: {} }
  assert.equal(voucherOf('kitchen.lima.whatsapp.1', body(message)), undefined)
  const others = [
    undefined,
    null,
    5,
    'text',
    [],
    {},
    { entry: 'x' },
    body(null),
    body({ id: 7, image: {} }),
    body({ id: 'a' }),
  ]
  for (const data of others) assert.equal(voucherOf(subject, data), undefined)
})

test('no text is longer than Postgres and a page are to hold, and none has a NUL', () => {
  const voucher = voucherOf(subject, body({ id: 'w\0', image: { caption: 'a'.repeat(5_000) } }))
  assert.deepEqual([voucher?.message, voucher?.items.length], ['w', 200])
})
