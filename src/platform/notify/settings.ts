import type { Settings } from '../config/index.ts';
import type { NotifySettings } from './model.ts';

/** What the configuration says about sending. */
export function notifySettings(
  values: Pick<Settings, 'smtp.url' | 'smtp.from' | 'notify.allowPrivateHosts'>,
): NotifySettings {
  return {
    smtpUrl: values['smtp.url'],
    from: values['smtp.from'],
    allowPrivateHosts: values['notify.allowPrivateHosts'] === 'yes',
  };
}
