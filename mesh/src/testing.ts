/** What the tests of other packages share: real servers and real faults. */
export { type SmallDisk, startSmallDisk } from './nats/small-disk.ts'
export { startNats, type TestNats, type TestNatsOptions } from './nats/test-server.ts'
