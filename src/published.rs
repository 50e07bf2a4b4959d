//! Values that documentation publishes as examples; they are never findings.
//!
//! Kept as fingerprints, so that this file holds nothing that a scanner would report. To add one, print its fingerprint
//! with `keyguard scan --stdin` and keep the list sorted; the comment names where it is published. Families that follow
//! a rule (ids that end in EXAMPLE, runs of zeros) are conditions in `placeholder.rs`.

use crate::secret::{Fingerprint, Secret};

/// Whether a value with this fingerprint is a published example.
pub(crate) fn is_published(fingerprint: Fingerprint) -> bool {
    PUBLISHED.binary_search(&fingerprint.number()).is_ok()
}

/// Whether `text` is for everyone to read: a published example, a certificate, the public half of a key.
pub(crate) fn is_public(text: &[u8]) -> bool {
    let holds = |words: &str| memchr::memmem::find(text, words.as_bytes()).is_some();
    is_published(Secret::new(text, 0).fingerprint())
        || (holds("-----BEGIN CERTIFICATE") || holds("-----BEGIN PUBLIC KEY")) && !holds("PRIVATE")
}

/// The first eight bytes of each fingerprint, sorted.
static PUBLISHED: &[u64] = &[
    0x01b4_9efe_2a63_d066, // RFC 5849
    0x029b_7d51_6b41_2a86, // BIP-39 test vectors
    0x02c7_3dd9_2464_7ef4, // Grafana documentation
    0x05ef_e6a7_7d4e_e6dc, // Truffle documentation accounts
    0x0707_b38f_0110_b22b, // Hardhat and Foundry documentation accounts
    0x0841_e01b_a92a_0c36, // Truffle documentation
    0x092d_ccde_2793_5d0b, // Hardhat and Foundry documentation accounts
    0x0a7d_724b_65ca_0083, // Ethereum documentation
    0x0aa3_1087_e718_4afc, // Telegram documentation
    0x0b6c_3212_7ee8_c33f, // Hardhat and Foundry documentation accounts
    0x0bcc_0044_bea4_bfda, // NASA / data.gov documentation
    0x0cdc_ab3a_7d42_23c4, // GitLab documentation
    0x0dfb_2e75_b5f1_a4f6, // Grafana documentation
    0x0f65_3938_2055_77e3, // BIP-39 test vectors
    0x122d_8fb5_23c0_6507, // BIP-32 test vectors
    0x12fc_df8b_c04e_bea3, // Ganache documentation accounts
    0x13b1_3670_df1f_5109, // Ganache documentation accounts
    0x15c6_4906_6054_751b, // BIP-39 test vectors
    0x173d_da59_95ba_4676, // BIP-32 test vectors
    0x175c_d7dd_0bf1_bdc8, // Grafana documentation
    0x1818_4307_619a_9792, // BIP-39 test vectors
    0x18fa_7735_d271_901f, // Bitcoin wiki
    0x19a0_f411_1851_cc62, // RFC 7009
    0x19a5_fded_ac13_2bec, // OAuth documentation
    0x19ab_d6d4_bbd5_e009, // GitHub documentation
    0x1a60_d712_056e_c574, // Truffle documentation accounts
    0x1bb5_ba6b_164a_a4c1, // Hardhat and Foundry documentation accounts
    0x1c06_2c6a_d8e4_53ed, // age documentation
    0x1cdd_de99_fab1_a802, // NIST SP 800-38A
    0x1e8c_816f_4d8d_e244, // Vagrant documentation
    0x1f11_33b2_3f78_13af, // RFC 5849
    0x20ab_c319_5646_71ed, // Ganache documentation accounts
    0x2111_2863_4d45_5962, // Hardhat and Foundry documentation accounts
    0x2279_d32a_d194_6b73, // AWS documentation
    0x22fd_a279_f455_3b6a, // Hardhat and Foundry documentation accounts
    0x24b2_55f0_d17f_5c49, // Cloudflare documentation
    0x24fc_a08b_9d99_6b9e, // OpenID Connect Core
    0x2548_47eb_eee1_d778, // Hardhat and Foundry documentation accounts
    0x261f_c3d0_1a4b_bfac, // Ganache documentation accounts
    0x28f5_d9df_21d7_ee2d, // Truffle documentation accounts
    0x2912_2787_34d1_f474, // Nostr documentation
    0x2b39_2cf9_2cf8_a316, // Hardhat and Foundry documentation accounts
    0x2b49_b7ee_091e_314f, // Truffle documentation accounts
    0x2b5d_066c_5e8f_f1e3, // AWS documentation
    0x2b84_5253_022f_75f2, // PHP documentation
    0x2b9b_af84_a882_7f9f, // BIP-32 test vectors
    0x2c50_b0bb_2143_b1a8, // Azure documentation
    0x2c69_3f59_2ed2_a5ce, // Truffle documentation accounts
    0x32f5_17f9_f591_eb49, // Telegram documentation
    0x338a_4f05_8595_c16c, // BIP-32 test vectors
    0x33b4_8982_cede_93ae, // Dynamic documentation
    0x3402_cad3_e8cb_d265, // BIP-39 test vectors
    0x3580_3a28_ac2d_80c3, // Ganache documentation accounts
    0x3624_b860_721e_8055, // Hardhat and Foundry documentation accounts
    0x3802_f513_4b13_bf18, // RFC 5849
    0x3946_d149_8a0a_340d, // Google documentation
    0x3a33_8ec6_f6e0_4389, // Hardhat and Foundry documentation accounts
    0x3be7_eb78_bcdb_0b77, // BIP-32 test vectors
    0x4178_d452_f4f8_471d, // Telegram documentation
    0x43bd_e6c0_9ca4_0027, // Truffle documentation accounts
    0x4499_e9c4_98dd_f6f1, // BIP-39 test vectors
    0x4710_a5a0_f912_303b, // BIP-32 test vectors
    0x477a_cb46_c91d_83e9, // BIP-39 test vectors
    0x48ef_afd6_09ec_cf0b, // Truffle documentation accounts
    0x491a_b74c_1216_aee0, // Hardhat and Foundry documentation accounts
    0x4945_5356_ad4e_7937, // Hardhat and Foundry documentation accounts
    0x4cee_30f9_b9bd_b7a0, // Kubernetes documentation
    0x4e83_d3f9_e755_d203, // BIP-39 test vectors
    0x4efa_9a73_c989_0956, // AWS documentation
    0x4feb_af76_abf7_88e0, // Hardhat and Foundry documentation accounts
    0x5009_5eda_0279_8e24, // BIP-39 test vectors
    0x5055_a613_84b2_e0d7, // Docusaurus documentation
    0x50ab_b1c7_434b_ff76, // GitLab documentation
    0x50c4_ebb3_ed8f_548f, // BIP-32 test vectors
    0x52b8_c0af_7597_44da, // Ganache documentation accounts
    0x5590_098d_f8f0_b5e3, // GitHub documentation
    0x56d5_e3b6_8d83_ccdd, // Discord documentation
    0x56f8_bd94_6baf_7f6e, // BIP-39 test vectors
    0x56ff_2698_9781_cb6f, // NTLM hash of the empty password
    0x574e_a8d9_4f55_ee80, // Docusaurus documentation
    0x59a6_d3e4_a063_5113, // BIP-32 test vectors
    0x5a2a_46fd_58a2_19c4, // RFC 5849
    0x5a45_955d_0ac3_121a, // MinIO documentation
    0x5b8b_4e4e_1ec2_0fbc, // RFC 7515 and RFC 7517
    0x5bbd_df24_f86a_58d4, // Wikipedia on bcrypt
    0x5c94_84f2_ae6b_4e0a, // Ganache documentation accounts
    0x5cb8_fdea_1e44_5c60, // AWS documentation
    0x5d02_7796_1b9c_12b1, // NIST SP 800-38A
    0x5d88_7ec8_7590_793c, // Ganache documentation accounts
    0x600f_64e8_a1dc_cb14, // BIP-39 test vectors
    0x6022_ccb0_08b7_69c5, // Hardhat and Foundry documentation accounts
    0x6267_fc14_6edd_befc, // Hardhat and Foundry documentation accounts
    0x6270_d329_7aa7_d6c3, // Azure documentation
    0x62e7_db30_6576_9ea5, // RFC 7515 and RFC 7517
    0x641b_ccc2_d6fe_2781, // BIP-32 test vectors
    0x64de_be7c_9b76_17de, // Hardhat and Foundry documentation accounts
    0x64e9_3c40_d9c7_f921, // Hardhat and Foundry documentation accounts
    0x66e8_0b9d_d7f1_0ef4, // Truffle documentation accounts
    0x67d4_da05_4bdf_6e94, // BIP-39 test vectors
    0x682c_72b3_c73e_ed2f, // Ethereum documentation
    0x6a15_bb61_10f5_8fba, // Truffle documentation accounts
    0x6ad9_da10_6518_9216, // Ganache documentation accounts
    0x6bc3_05fe_ba66_5450, // BIP-39 test vectors
    0x6cbd_9e30_2268_2a00, // BIP-39 test vectors
    0x6df2_67f0_b829_531e, // GitHub documentation
    0x6e0f_9f5e_d3da_f88d, // Wikipedia on bcrypt
    0x71b2_2429_2f0a_01c7, // BIP-39 test vectors
    0x71f5_ba17_8fb4_133f, // Hardhat and Foundry documentation accounts
    0x73e7_7e9f_ffd2_bd18, // RFC 5849
    0x7461_6a1c_ff85_99ec, // Hardhat and Foundry documentation accounts
    0x7483_f997_0c42_f724, // Azure documentation
    0x74f0_e220_9abd_a285, // Hardhat and Foundry documentation accounts
    0x766b_24bc_083a_eb0b, // Ganache documentation accounts
    0x7734_e9ac_4326_8cd9, // Hardhat and Foundry documentation accounts
    0x7819_ddb4_cd62_ea0d, // BIP-32 test vectors
    0x790d_33de_201a_c4e0, // Ganache documentation accounts
    0x790e_6c1e_a697_bd5b, // Tailscale documentation
    0x7a00_bc39_df3c_bb3d, // Truffle documentation accounts
    0x7a60_381a_52b9_6f6e, // BIP-32 test vectors
    0x7a68_fdb3_b421_7cd5, // OAuth documentation
    0x7adf_ce0a_0cc4_0d12, // GitHub documentation
    0x7da6_6fb8_da32_228c, // Hardhat and Foundry documentation accounts
    0x7dae_208c_ca80_ea26, // Ethereum documentation
    0x7e6c_d779_9975_f4d4, // Truffle documentation accounts
    0x7e6f_2bde_2319_512e, // RFC 7515 and RFC 7517
    0x7f69_59af_d824_e5bd, // NIST SP 800-38A
    0x8090_19e4_b936_5394, // BIP-39 test vectors
    0x811b_d1ab_923a_bb8f, // Truffle documentation accounts
    0x81a2_a035_4e5b_aed3, // RFC 5849
    0x81f7_cdc1_80dc_55d4, // Ganache documentation accounts
    0x86ed_1ab3_ba71_038f, // Ethereum documentation
    0x8913_e9fd_75b1_1d65, // AWS documentation
    0x89dd_efac_77a1_b2b9, // NIST SP 800-38A
    0x8da8_22f6_59e2_887c, // WireGuard manual page
    0x8e6f_2f18_5c44_cfef, // BIP-39 test vectors
    0x8e9f_ff25_186a_0e5b, // BIP-39 test vectors
    0x8eee_4f2e_099b_ee9c, // Vagrant documentation
    0x8fe6_6ed5_171d_4463, // Hardhat and Foundry documentation accounts
    0x90a9_2533_5198_ade5, // BIP-39 test vectors
    0x90ac_1e35_3c50_17d3, // Hardhat and Foundry documentation accounts
    0x9141_7ed0_1922_3b32, // Kubernetes documentation
    0x91c0_b8f0_9fd9_133c, // Hardhat and Foundry documentation accounts
    0x91db_de74_1e39_0598, // GitLab documentation
    0x935a_55b9_0adb_9c3b, // Google documentation
    0x9900_a7f0_5d92_9d45, // Paddle documentation
    0x9a23_7f2e_75b5_1b95, // GitHub documentation
    0x9a6c_c7b6_a134_df32, // Azure documentation
    0x9c42_b23f_1cbb_229f, // Ganache documentation accounts
    0x9c9b_8455_113f_8cae, // Hardhat and Foundry documentation accounts
    0x9da7_38df_93b6_1448, // Ganache documentation accounts
    0x9e59_b6b2_83bc_f019, // Stripe documentation
    0xa0aa_d4d3_3923_2cbe, // BIP-39 test vectors
    0xa13e_dd73_053d_3795, // RFC 5849
    0xa298_b628_3c46_47b2, // Slack documentation
    0xa44d_96c5_48c5_73ab, // Ganache documentation accounts
    0xa55f_fd00_fe6f_7aaf, // Stripe documentation
    0xa5a5_f35a_6536_2d9d, // Hardhat and Foundry documentation accounts
    0xa898_6479_961a_fa47, // Laravel templates
    0xaa32_92b7_b0f5_1697, // Hardhat and Foundry documentation accounts
    0xaa38_07ef_8e82_eaea, // Ganache documentation accounts
    0xab12_06b2_ade6_6fbb, // Ganache documentation accounts
    0xab8a_340a_dae7_3267, // Hardhat and Foundry documentation accounts
    0xadd5_3ca2_c349_3462, // OAuth documentation
    0xae8e_6aa8_189f_9f56, // Truffle documentation accounts
    0xaf80_08c7_9104_5bf0, // Hardhat and Foundry documentation accounts
    0xb023_09a9_6d40_133b, // AWS emulators documentation
    0xb091_6212_f19c_1000, // OAuth documentation
    0xb10c_243d_e4b8_a5cb, // Hardhat and Foundry documentation accounts
    0xb48f_bbcc_7d1c_64fc, // BIP-32 test vectors
    0xb4bd_194d_c868_905b, // Docusaurus documentation
    0xb595_ba31_b6ec_72e0, // Truffle documentation accounts
    0xb605_3a50_b945_3daf, // Kubernetes documentation
    0xb988_80bf_f22d_bdf7, // Confluent documentation
    0xba02_20f3_67e9_dbf1, // BIP-39 test vectors
    0xbaf8_82b9_0816_00ce, // Truffle documentation accounts
    0xbb68_d854_4fab_f443, // GitLab documentation
    0xbd59_e868_c825_efbd, // Truffle documentation accounts
    0xbeec_7b97_8989_c833, // Hardhat and Foundry documentation accounts
    0xc451_a20d_7224_e54f, // Laravel templates
    0xc514_3787_d1c3_4b6c, // BIP-32 test vectors
    0xc52e_15a0_0d5b_ebb9, // GitLab documentation
    0xc6a2_f59e_ea26_77ae, // BIP-32 test vectors
    0xc703_c6f6_9003_8662, // RFC 7519
    0xcb19_ab5a_ad82_3c02, // Hardhat and Foundry documentation accounts
    0xcd05_cdde_4b8d_7012, // RFC 7515 and RFC 7517
    0xcec4_57f3_6e39_bba6, // Postmark documentation
    0xcf37_c24e_2ee8_dc0b, // AWS emulators documentation
    0xcf5e_ce31_3292_54b0, // BIP-39 test vectors
    0xcfed_a701_5be6_5412, // RFC 5849
    0xd18b_c5b5_f533_487d, // Stripe documentation
    0xd20d_3814_1c68_216c, // BIP-32 test vectors
    0xd428_ae0e_998e_f41f, // AWS emulators documentation
    0xd613_29fb_012d_30bd, // BIP-39 test vectors
    0xd6c6_5d03_1fd0_8230, // Hardhat and Foundry documentation accounts
    0xd6f1_8423_65a7_3331, // BIP-39 test vectors
    0xd8bb_82cf_b101_d766, // Truffle documentation accounts
    0xd963_1262_a868_572e, // BIP-32 test vectors
    0xda46_5d06_2f1c_761f, // Ganache documentation accounts
    0xdb33_81e5_d88d_f23b, // NIST SP 800-38A
    0xdceb_4784_2c6c_a3cb, // Hardhat and Foundry documentation accounts
    0xdd14_3e2e_ae5f_29d5, // RFC 5849
    0xdd6d_ee6e_0b65_80f4, // NIST SP 800-38A
    0xdee4_6522_9d76_20bd, // Kubernetes documentation
    0xdf0d_c3f4_8aac_5311, // Ganache documentation
    0xdf96_8f55_f0d2_8cac, // OAuth documentation
    0xdfb8_8889_143c_6bcd, // OAuth documentation
    0xe0b4_505a_120a_73b3, // HTTP Basic documentation
    0xe1de_ec28_dd70_4647, // RFC 7515 and RFC 7517
    0xe44e_97ac_793a_b47d, // RFC 5849
    0xe454_4703_3860_7f64, // Google documentation
    0xe45c_c87e_bceb_6a28, // Truffle documentation accounts
    0xe552_c145_2898_a01e, // AWS emulators documentation
    0xe553_8757_a749_e088, // Kubernetes documentation
    0xe5a5_dcf2_997a_565f, // AWS documentation
    0xeae7_2b81_c3e6_f79c, // RFC 5849
    0xebcf_1d84_db39_f411, // Sidekiq documentation
    0xed5e_fde6_0b25_7e43, // Hardhat and Foundry documentation accounts
    0xee8d_1e01_77b5_6aeb, // Hardhat and Foundry documentation accounts
    0xef58_dfdc_d604_363b, // WireGuard documentation
    0xf1b5_c3fc_ca80_284c, // Truffle documentation accounts
    0xf351_d4ea_a454_4f2e, // Hardhat and Foundry documentation accounts
    0xf584_cce3_88fe_05e2, // Sentry documentation
    0xf650_0914_716f_e95b, // GitHub documentation
    0xf771_5b37_9c0f_0e23, // BIP-32 test vectors
    0xf7da_ae05_053d_123c, // Truffle documentation accounts
    0xf7f0_19e1_0d72_9dc4, // Hardhat and Foundry documentation
    0xf8f5_b58a_d6fb_3912, // MinIO documentation
    0xfda4_4a34_1144_38e5, // Bitcoin documentation
    0xfeeb_7087_9f15_7b53, // RFC 5849
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
