export type { ResolveName } from './address.ts';
export { channelText, checkChannel } from './check.ts';
export { type Channel, channelSchema } from './contract.ts';
export {
  type Attachment,
  type Delivery,
  type Message,
  type MessageFact,
  type NotifySettings,
  type SendLimits,
  type SendOptions,
  sendLimits,
} from './model.ts';
export { send } from './send.ts';
export { notifySettings } from './settings.ts';
export { type Received, type Verdict, verifySignature } from './signature.ts';
