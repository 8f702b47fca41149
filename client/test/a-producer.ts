/** A program that sends two events and comes to its end, for the test of what happens to them. */
import process from 'node:process'
import { producer } from '../src/produce/producer.ts'

const sender = producer({ url: process.argv[2] ?? '', getToken: () => 'token', maxDelayMs: 500 })
await sender.send('exit.one', {})
await sender.send('exit.two', {})
