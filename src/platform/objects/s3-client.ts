import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { checkEndpoint, type EndpointPolicy, guardedLookup } from './endpoint.ts';
import { errors } from './errors.ts';

/** How to reach S3, from the operator's configuration only. Credentials come from AWS's default chain. */
export interface S3Options extends EndpointPolicy {
  readonly region?: string | undefined;
  /** A profile of the shared AWS config and credentials files. */
  readonly profile?: string | undefined;
  /** A role to assume with the credentials found. */
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  /** Tries per request, the first included; default 4. Waits between them grow (the SDK's standard mode). */
  readonly maxAttempts?: number | undefined;
}

export interface S3Access {
  readonly client: S3Client;
  /** Which credentials are looked for, in words for a refusal. */
  readonly tried: string;
}

const connectTimeoutMs = 10_000;
/** No byte for so long means a dead connection. */
const silenceTimeoutMs = 60_000;

/** A client whose endpoint has been checked and whose sockets cannot reach metadata services. */
export function openS3Client(options: S3Options): S3Access {
  // The pinned SDK works on the Node versions we support; its warning about versions of 2027 would land on stderr.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const configured =
    options.endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const policy = { ...options, endpoint: configured || undefined };
  const endpoint = checkEndpoint(policy);
  const region = checkedRegion(
    options.region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'],
  );
  const agentOptions = { keepAlive: true, maxSockets: 32, lookup: guardedLookup(policy) };
  const client = new S3Client({
    ...(region ? { region } : {}),
    ...(options.profile ? { profile: options.profile } : {}),
    ...(endpoint ? { endpoint } : {}),
    // Endpoints of the environment have been read above; those of a profile would come in unchecked.
    ignoreConfiguredEndpointUrls: true,
    logger: silent,
    forcePathStyle: options.forcePathStyle ?? false,
    followRegionRedirects: endpoint === undefined,
    maxAttempts: options.maxAttempts ?? 4,
    retryMode: 'standard',
    // Downloads are checked here against what HeadObject states, ranges included.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: credentialsOf(options, region),
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: silenceTimeoutMs,
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
    },
  });
  return { client, tried: triedOf(options) };
}

/** S3's quotation marks removed; `If-Match` puts them back. */
export function plainEtag(etag: string | undefined): string | undefined {
  return etag?.replace(/^"|"$/g, '');
}

type Provider = ReturnType<typeof fromNodeProviderChain>;

function credentialsOf(options: S3Options, region: string | undefined): Provider {
  const { profile } = options;
  const base = fromNodeProviderChain({ ...(profile ? { profile } : {}), logger: silent });
  const { roleArn } = options;
  if (!roleArn) return base;
  if (!/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(roleArn)) {
    throw errors.badSetting({ setting: 'roleArn', reason: 'write arn:aws:iam::<12 digits>:role/<name>' });
  }
  const assume = fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: roleArn,
      RoleSessionName: 'centrail',
      ...(options.externalId ? { ExternalId: options.externalId } : {}),
    },
    clientConfig: { region: region ?? 'us-east-1' },
  });
  return async (properties) => {
    // Asked first, so that missing credentials are not taken for a role that refuses.
    await base(properties);
    try {
      return await assume(properties);
    } catch (error) {
      const { name } = error as Error;
      throw errors.roleRefused({ roleArn, reason: /^[A-Za-z]{1,60}$/.test(name) ? name : 'unknown' });
    }
  };
}

/** What goes wrong is thrown; the SDK writes its remarks to the console otherwise. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function triedOf(options: S3Options): string {
  if (options.profile)
    return `the profile '${options.profile}' of the shared AWS config and credentials files`;
  return 'the default chain: environment variables, shared config and credentials files, single sign-on, a credential process, a web identity token, and the container or instance role';
}

/** A region becomes part of a host name. */
function checkedRegion(region: string | undefined): string | undefined {
  if (!region) return undefined;
  if (/^[a-z0-9-]{2,40}$/.test(region)) return region;
  throw errors.badSetting({ setting: 'region', reason: 'write a region such as eu-west-1' });
}
