// The page of page-load.ts: every event of the feed, its data included, counted after a second in
// which it warms up.

import { connect } from '@weir/client'

const weir = connect({ url: location.origin, getToken: () => 'bench' })
const longTasks: number[] = []
let [events, celsius, beganAt] = [0, 0, 0]
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    if (beganAt > 0 && startTime >= beganAt) longTasks.push(duration)
  }
}).observe({ type: 'longtask' })
setTimeout(() => {
  events = 0
  beganAt = performance.now()
  setTimeout(
    () => {
      const seconds = (performance.now() - beganAt) / 1000
      // What a task was is told when it has ended.
      setTimeout(() => Object.assign(globalThis, { load: { events, seconds, longTasks, celsius } }), 200)
    },
    Number(location.hash.slice(1)),
  )
}, 1000)

for await (const item of weir.subscribe({ filter: 'bench.>', mode: 'ALL' })) {
  if (item.type !== 'entry') continue
  events++
  celsius += (item.data as { celsius: number }).celsius
}
