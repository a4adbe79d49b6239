// An OpenID Provider for tests: it signs in everybody who types a name, and tells name and groups as the name says.
// Usage: node provider.mjs PORT REDIRECT LOGOUT; the seconds that an ID token lasts are in ID_TOKEN_SECONDS,
// and those by which its clock is slow in SLOW_SECONDS.
import Provider from "oidc-provider";

const [port, redirect, logout] = process.argv.slice(2);
const now = Date.now;
Date.now = () => now() - 1000 * Number(process.env.SLOW_SECONDS ?? 0);
const groups = { wang: ["zwgk"], li: ["xian-review"], zhao: ["others"] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "gouji",
      client_secret: "a secret of the tests: it protects nothing",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [logout],
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "name", "groups"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `person-${id}`, preferred_username: id, name: `${id} of the tests`, groups: groups[id] ?? [] }),
  }),
  // As the certified default has it: the ID token has the subject only, and the rest is at the user info endpoint.
  conformIdTokenClaims: process.env.CLAIMS_IN_TOKEN !== "true",
  ttl: { IdToken: Number(process.env.ID_TOKEN_SECONDS ?? 600), AccessToken: 600, AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600 },
  cookies: { keys: ["of the tests"] },
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
