const stripe = new Stripe(process.env.STRIPE_SECRET_KEY);
const token = process.env["GITHUB_TOKEN"] ?? `${prefix}_${suffix}`;
const publishable = "pk_live_" + accountKey;
const url = `https://${user}:${pass}@registry.npmjs.org/`;
const api = "https://api.github.com/repos/acme/app/git/commits/9fceb02d0ae598e95dc970b74767f19372d61af8";
const integrity = "sha512-oWPrvJkaPKZLhrIaXKqXv8Ns0yhF7jS0iqo2Gkv0tV1qvCcQXQqiTgQkq8sQH9m8rR0wX1tq0tY5Tg==";
const icon = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const className = "css-1dbjc4n-r-1awozwy-r-18u37iz-r-1wtj0ep";
export const SECRET_NAME = "projects/acme/secrets/stripe-secret-key/versions/latest";
