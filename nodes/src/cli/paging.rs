//! Lists that come by pages, gathered up to a limit.

use super::failure::Failure;
use clap::Args;

/// How much of a list is wanted.
#[derive(Args, Debug)]
pub struct Limit {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = LIMIT_DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Default for Limit {
    fn default() -> Limit {
        Limit { limit: LIMIT_DEFAULT, all: false }
    }
}

/// What a person looks at in one go.
pub const LIMIT_DEFAULT: u32 = 50;

/// The largest page that the exchange gives.
const PAGE_MAX: usize = 1_000;

impl Limit {
    /// At most so many.
    #[must_use]
    pub fn of(limit: u32) -> Limit {
        Limit { limit, all: false }
    }

    /// Asks for page after page: with a page's size and token, for its items and the next token.
    /// Answers the items and the token behind the last of them.
    ///
    /// # Errors
    /// The first page that fails; what came before it is dropped.
    pub async fn gather<T>(
        &self,
        mut page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Failure>,
    ) -> Result<(Vec<T>, String), Failure> {
        let wanted = if self.all { usize::MAX } else { self.limit as usize };
        let (mut items, mut token) = (Vec::new(), String::new());
        while items.len() < wanted {
            let size = (wanted - items.len()).min(PAGE_MAX) as i32;
            let (more, next) = page(size, token).await?;
            items.extend(more);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        Ok((items, token))
    }
}
