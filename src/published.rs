//! Values that documentation publishes as examples; they are never findings.
//!
//! Kept as fingerprints, so that this file holds nothing that a scanner would report. To add one, print its fingerprint
//! with `keyguard scan --stdin` and keep the list sorted; the comment names where it is published.

use crate::secret::Fingerprint;

/// Whether a value with this fingerprint is a published example.
pub(crate) fn is_published(fingerprint: Fingerprint) -> bool {
    PUBLISHED.binary_search(&fingerprint.number()).is_ok()
}

/// The first eight bytes of each fingerprint, sorted.
static PUBLISHED: &[u64] = &[
    0x02c7_3dd9_2464_7ef4, // Grafana documentation
    0x0a7d_724b_65ca_0083, // Ethereum documentation
    0x0aa3_1087_e718_4afc, // Telegram documentation
    0x0bcc_0044_bea4_bfda, // NASA / data.gov documentation
    0x0dfb_2e75_b5f1_a4f6, // Grafana documentation
    0x175c_d7dd_0bf1_bdc8, // Grafana documentation
    0x19a5_fded_ac13_2bec, // OAuth documentation
    0x19ab_d6d4_bbd5_e009, // GitHub documentation
    0x2279_d32a_d194_6b73, // AWS documentation
    0x24b2_55f0_d17f_5c49, // Cloudflare documentation
    0x2912_2787_34d1_f474, // Nostr documentation
    0x2b5d_066c_5e8f_f1e3, // AWS documentation
    0x2c50_b0bb_2143_b1a8, // Azure documentation
    0x32f5_17f9_f591_eb49, // Telegram documentation
    0x33b4_8982_cede_93ae, // Dynamic documentation
    0x3946_d149_8a0a_340d, // Google documentation
    0x4178_d452_f4f8_471d, // Telegram documentation
    0x4cee_30f9_b9bd_b7a0, // Kubernetes documentation
    0x5590_098d_f8f0_b5e3, // GitHub documentation
    0x56d5_e3b6_8d83_ccdd, // Discord documentation
    0x5a45_955d_0ac3_121a, // MinIO documentation
    0x5cb8_fdea_1e44_5c60, // AWS documentation
    0x6270_d329_7aa7_d6c3, // Azure documentation
    0x682c_72b3_c73e_ed2f, // Ethereum documentation
    0x6df2_67f0_b829_531e, // GitHub documentation
    0x7483_f997_0c42_f724, // Azure documentation
    0x790e_6c1e_a697_bd5b, // Tailscale documentation
    0x7a68_fdb3_b421_7cd5, // OAuth documentation
    0x7adf_ce0a_0cc4_0d12, // GitHub documentation
    0x7dae_208c_ca80_ea26, // Ethereum documentation
    0x86ed_1ab3_ba71_038f, // Ethereum documentation
    0x8913_e9fd_75b1_1d65, // AWS documentation
    0x9141_7ed0_1922_3b32, // Kubernetes documentation
    0x935a_55b9_0adb_9c3b, // Google documentation
    0x9900_a7f0_5d92_9d45, // Paddle documentation
    0x9a23_7f2e_75b5_1b95, // GitHub documentation
    0x9a6c_c7b6_a134_df32, // Azure documentation
    0x9e59_b6b2_83bc_f019, // Stripe documentation
    0xa298_b628_3c46_47b2, // Slack documentation
    0xa55f_fd00_fe6f_7aaf, // Stripe documentation
    0xadd5_3ca2_c349_3462, // OAuth documentation
    0xb023_09a9_6d40_133b, // AWS emulators documentation
    0xb091_6212_f19c_1000, // OAuth documentation
    0xb605_3a50_b945_3daf, // Kubernetes documentation
    0xb988_80bf_f22d_bdf7, // Confluent documentation
    0xbb68_d854_4fab_f443, // GitLab documentation
    0xcec4_57f3_6e39_bba6, // Postmark documentation
    0xcf37_c24e_2ee8_dc0b, // AWS emulators documentation
    0xd18b_c5b5_f533_487d, // Stripe documentation
    0xd428_ae0e_998e_f41f, // AWS emulators documentation
    0xdee4_6522_9d76_20bd, // Kubernetes documentation
    0xdfb8_8889_143c_6bcd, // OAuth documentation
    0xe0b4_505a_120a_73b3, // HTTP Basic documentation
    0xe454_4703_3860_7f64, // Google documentation
    0xe552_c145_2898_a01e, // AWS emulators documentation
    0xe553_8757_a749_e088, // Kubernetes documentation
    0xe5a5_dcf2_997a_565f, // AWS documentation
    0xebcf_1d84_db39_f411, // Sidekiq documentation
    0xef58_dfdc_d604_363b, // WireGuard documentation
    0xf584_cce3_88fe_05e2, // Sentry documentation
    0xf650_0914_716f_e95b, // GitHub documentation
    0xf8f5_b58a_d6fb_3912, // MinIO documentation
    0xfda4_4a34_1144_38e5, // Bitcoin documentation
    0xff28_24f6_a5d4_8261, // Google documentation
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(PUBLISHED.is_sorted());
        assert!(!PUBLISHED.is_empty());
    }
}
