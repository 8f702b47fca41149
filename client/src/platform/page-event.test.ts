import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { onPageWake } from './page-event.ts'

const before = { add: globalThis.addEventListener, remove: globalThis.removeEventListener }

afterEach(() => {
  Object.assign(globalThis, { addEventListener: before.add, removeEventListener: before.remove })
  Reflect.deleteProperty(globalThis, 'document')
})

test('a page wakes when it is online, shown, or seen again, and no more once that is forgotten', () => {
  const page = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  Object.assign(globalThis, {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    document,
  })
  let woken = 0
  const forget = onPageWake(() => woken++)
  page.dispatchEvent(new Event('online'))
  page.dispatchEvent(new Event('pageshow'))
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(woken, 3)
  document.visibilityState = 'hidden'
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(woken, 3)
  forget()
  document.visibilityState = 'visible'
  for (const name of ['online', 'pageshow']) page.dispatchEvent(new Event(name))
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(woken, 3)
})

test('where there is no page, nothing wakes', () => {
  Object.assign(globalThis, { addEventListener: undefined, removeEventListener: undefined })
  onPageWake(() => assert.fail())()
})
