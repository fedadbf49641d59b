import { errorTable, refusal } from '../kernel/index.ts';
import { printable } from './printable.ts';

/** Why files and objects are refused. No sentence ever carries a credential or the text of a provider's answer. */
export const errors = errorTable('objects', {
  badUri: refusal(
    400,
    'usage',
    (p: { uri: string; reason: string }) =>
      `'${printable(p.uri)}' is not a usable location: ${p.reason}. Write s3://bucket/key or a path.`,
  ),
  badPath: refusal(
    400,
    'access',
    (p: { path: string; reason: string }) =>
      `The path '${printable(p.path)}' is refused: ${p.reason}. Write the plain path of the file.`,
  ),
  outsideRoots: refusal(
    403,
    'access',
    (p: { path: string }) =>
      `${printable(p.path)} lies outside the folders that may be read. Move it there, or add its folder to import.roots.`,
  ),
  notFound: refusal(
    404,
    'notFound',
    (p: { uri: string }) =>
      `There is nothing at ${printable(p.uri)}. Check the name; it may have been moved or have expired.`,
  ),
  taken: refusal(
    409,
    'conflict',
    (p: { uri: string }) =>
      `There is something at ${printable(p.uri)} already. Choose another name, or say that it may be replaced.`,
  ),
  bucketNotFound: refusal(
    404,
    'notFound',
    (p: { bucket: string }) =>
      `There is no bucket '${printable(p.bucket)}'. Check its name and the endpoint.`,
  ),
  notAFile: refusal(
    422,
    'badData',
    (p: { path: string }) =>
      `${printable(p.path)} is not a regular file. Name a file, not a folder or a device.`,
  ),
  accessRefused: refusal(
    403,
    'access',
    (p: { uri: string; reason: string }) =>
      `Access to ${printable(p.uri)} was refused (${p.reason}). Allow s3:ListBucket on the bucket and s3:GetObject under the prefix, or check the key in use.`,
  ),
  fileRefused: refusal(
    403,
    'access',
    (p: { path: string }) =>
      `${printable(p.path)} may not be read by this user. Give read permission to it and its folders.`,
  ),
  noCredentials: refusal(
    403,
    'access',
    (p: { tried: string; hint: string }) =>
      `No AWS credentials were found; tried ${printable(p.tried)}. ${printable(p.hint)}`,
  ),
  roleRefused: refusal(
    403,
    'access',
    (p: { roleArn: string; reason: string }) =>
      `The role ${printable(p.roleArn)} could not be assumed (${p.reason}). Check its trust policy, the external id and sts:AssumeRole.`,
  ),
  archived: refusal(
    403,
    'access',
    (p: { uri: string }) =>
      `${printable(p.uri)} is archived and cannot be read. Restore it in S3, then run again.`,
  ),
  noRegion: refusal(
    400,
    'usage',
    (p: { uri: string }) =>
      `No AWS region is known for ${printable(p.uri)}. Set aws.region, AWS_REGION, or a region in the profile.`,
  ),
  badSetting: refusal(
    400,
    'usage',
    (p: { setting: string; reason: string }) => `The setting ${p.setting} cannot be used: ${p.reason}.`,
  ),
  endpointRefused: refusal(
    400,
    'access',
    (p: { host: string; reason: string }) =>
      `The endpoint '${printable(p.host)}' is refused: ${p.reason}. Correct the endpoint in the configuration.`,
  ),
  remoteUnavailable: refusal(
    503,
    'remoteUnavailable',
    (p: { uri: string; reason: string }) =>
      `${printable(p.uri)} could not be reached (${p.reason}). Check the network and the endpoint, then run again: it resumes where it stopped.`,
  ),
  remoteRefused: refusal(
    502,
    'remoteUnavailable',
    (p: { uri: string; reason: string }) =>
      `The object store did not answer the request for ${printable(p.uri)} as expected (${p.reason}). Check region, endpoint and bucket.`,
  ),
  objectChanged: refusal(
    409,
    'conflict',
    (p: { uri: string; was: string; now: string }) =>
      `Object changed during download: ${printable(p.uri)} was ${printable(p.was)} and is ${printable(p.now)}. Nothing was kept; list the export again and repeat.`,
  ),
  corruptDownload: refusal(
    502,
    'remoteUnavailable',
    (p: { uri: string; check: string; expected: string; found: string }) =>
      `${printable(p.uri)} did not arrive whole: ${p.check} should be ${p.expected} and is ${p.found}. Nothing was kept; run again.`,
  ),
  tooLarge: refusal(
    413,
    'badData',
    (p: { uri: string; bytes: number; limit: number }) =>
      `${printable(p.uri)} has ${p.bytes} bytes, more than the ${p.limit} expected of such a file. Check that it is the right one.`,
  ),
  badEncoding: refusal(
    422,
    'badData',
    (p: { uri: string }) => `${printable(p.uri)} is not UTF-8 text. Convert it to UTF-8 and import it again.`,
  ),
  truncatedGzip: refusal(
    422,
    'badData',
    (p: { file: string; offset: number }) =>
      `${printable(p.file)} is cut off: the gzip stream is not complete at byte ${p.offset}. Fetch or export the file again.`,
  ),
  corruptGzip: refusal(
    422,
    'badData',
    (p: { file: string; offset: number; reason: string }) =>
      `${printable(p.file)} is not sound gzip: ${p.reason} near byte ${p.offset}. Fetch or export the file again.`,
  ),
  badZip: refusal(
    422,
    'badData',
    (p: { file: string; entry: string; reason: string }) =>
      `${printable(p.file)} is refused: ${p.entry ? `entry '${printable(p.entry)}' ` : ''}${printable(p.reason)}. Unpack it by hand and import the CSV, or export it again.`,
  ),
  bomb: refusal(
    422,
    'badData',
    (p: { file: string; bytes: number; reason: string }) =>
      `${printable(p.file)} grows to ${p.bytes} bytes or more when unpacked: ${p.reason}. Unpack it by hand if you trust it.`,
  ),
  cannotWrite: refusal(
    507,
    'failure',
    (p: { path: string; reason: string }) =>
      `${printable(p.path)} could not be written (${p.reason}). Free space or give write permission, then run again.`,
  ),
});
