import { create } from '@bufbuild/protobuf'
import {
  GoawaySchema,
  PongSchema,
  RefusedSchema,
  type ServerFrame,
  type WeirError,
  type Welcome,
  WelcomeSchema,
} from '@weir/proto'

type Frame = ServerFrame['frame']

export function welcomeFrame(welcome: Omit<Welcome, '$typeName' | 'limits'> & { limits: WelcomeLimits }): Frame {
  return { case: 'welcome', value: create(WelcomeSchema, welcome) }
}

type WelcomeLimits = Omit<NonNullable<Welcome['limits']>, '$typeName'>

/** Answers a Subscribe by its id, or a Renew by 0. */
export function refusedFrame(id: number, { code, message }: WeirError): Frame {
  return { case: 'refused', value: create(RefusedSchema, { id, code, message }) }
}

export function goawayFrame(reason: string, reconnectAfterMs: number): Frame {
  return { case: 'goaway', value: create(GoawaySchema, { reason, reconnectAfterMs }) }
}

export const pongFrame: Frame = { case: 'pong', value: create(PongSchema) }
