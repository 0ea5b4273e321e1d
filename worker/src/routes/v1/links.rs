use api::{CreateLink, CreatedLink};

use crate::routes::answer::{Answer, Created};
use crate::routes::auth::Erp;
use crate::routes::body::SmallJson;
use crate::routes::new_link::new_link;

/// `POST /v1/links`: an ERP opens the E-mail server page for its user.
#[worker::send]
pub(super) async fn create(
    erp: Erp,
    SmallJson(CreateLink {}): SmallJson<CreateLink>,
) -> Answer<Created<CreatedLink>> {
    erp.may_link().await?;
    Ok(Created(new_link(&erp.installation, erp.organisation()).await?))
}
