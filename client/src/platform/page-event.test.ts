import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { onPageSight, onPageWake } from './page-event.ts'

const before = { add: globalThis.addEventListener, remove: globalThis.removeEventListener }

afterEach(() => {
  Object.assign(globalThis, { addEventListener: before.add, removeEventListener: before.remove })
  Reflect.deleteProperty(globalThis, 'document')
})

test('a page wakes when it is offline, online, shown, or seen again, and no more once that is forgotten', () => {
  const page = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  Object.assign(globalThis, {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    document,
  })
  let woken = 0
  const forget = onPageWake(() => woken++)
  page.dispatchEvent(new Event('offline'))
  page.dispatchEvent(new Event('online'))
  page.dispatchEvent(new Event('pageshow'))
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(woken, 4)
  document.visibilityState = 'hidden'
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(woken, 4)
  forget()
  document.visibilityState = 'visible'
  for (const name of ['offline', 'online', 'pageshow']) page.dispatchEvent(new Event(name))
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(woken, 4)
})

test('where there is no page, nothing wakes', () => {
  Object.assign(globalThis, { addEventListener: undefined, removeEventListener: undefined })
  onPageWake(() => assert.fail())()
})

test('a page tells when it begins to be hidden or seen, and at once if it is hidden', () => {
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' })
  Object.assign(globalThis, { document })
  const told: boolean[] = []
  const forget = onPageSight((isSeen) => told.push(isSeen))
  for (const state of ['visible', 'hidden']) {
    document.visibilityState = state
    document.dispatchEvent(new Event('visibilitychange'))
  }
  assert.deepEqual(told, [false, true, false])
  forget()
  document.dispatchEvent(new Event('visibilitychange'))
  assert.equal(told.length, 3)
})
