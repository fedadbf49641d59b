/**
 * ISO 4217 active alphabetic codes (facts; list compiled from the ISO 4217 maintenance agency's table).
 * XXX is the standard's own code for "no currency given".
 */
const codes = new Set(
  `
  AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN
  BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP
  GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF
  KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
  MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
  SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU
  UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX
  YER ZAR ZMW ZWG
  `
    .trim()
    .split(/\s+/),
);

/** Minor-unit exponents that are not 2. */
const exponents: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** The code for a bill that names no currency. Such amounts are kept apart, never taken for another currency's. */
export const noCurrency = 'XXX';

/** True for an active ISO 4217 code, upper case. */
export function isCurrency(code: string): boolean {
  return codes.has(code);
}

/** Every active ISO 4217 code, sorted. */
export function currencies(): readonly string[] {
  return [...codes].sort();
}

/** Decimals of the minor unit: USD 2, JPY 0, BHD 3; `undefined` for an unknown code. */
export function currencyExponent(code: string): number | undefined {
  return codes.has(code) ? (exponents[code] ?? 2) : undefined;
}
