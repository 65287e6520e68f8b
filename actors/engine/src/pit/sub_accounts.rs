//! Fee, tax, clearing and issue of one partition, by asset.

use crate::effect::Posting;

/// One sum of all postings for every asset that moved. There are a handful.
#[derive(Default)]
pub(super) struct SubAccounts(Vec<Posting>);

impl SubAccounts {
    pub fn sums(&self) -> &[Posting] {
        &self.0
    }

    #[inline(always)]
    pub fn post(&mut self, posting: &Posting) {
        match self.0.iter_mut().find(|sum| sum.asset == posting.asset) {
            Some(sum) => {
                sum.fee += posting.fee;
                sum.tax += posting.tax;
                sum.clearing += posting.clearing;
                sum.issued += posting.issued;
            }
            None => self.0.push(*posting),
        }
    }
}
