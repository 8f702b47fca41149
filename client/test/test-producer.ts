import type { Rejection } from '../src/produce/event-post.ts'
import { Producer, type ProducerOptions } from '../src/produce/producer.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeIngest, type Reply } from './fake-ingest.ts'

export interface TestProducer {
  readonly producer: Producer
  readonly ingest: FakeIngest
  readonly clock: FakeClock
  readonly rejections: Rejection[]
  /** The page goes away. */
  leave(): void
}

/** A producer that a test drives: its ingest answers as it is told, and its clock stands still. */
export function testProducer(
  replies: readonly Reply[],
  options: Partial<ProducerOptions> = {},
  clock: FakeClock = new FakeClock(),
): TestProducer {
  const ingest = new FakeIngest(...replies)
  const rejections: Rejection[] = []
  let leave = (): void => {}
  const producer = new Producer(
    {
      url: 'https://ingest.test',
      getToken: () => 'token',
      fetch: ingest.fetch,
      onRejected: (rejection) => rejections.push(rejection),
      ...options,
    },
    {
      clock,
      random: () => 1,
      onPageHide(action) {
        leave = action
        return () => {
          leave = () => {}
        }
      },
    },
  )
  return { producer, ingest, clock, rejections, leave: () => leave() }
}
