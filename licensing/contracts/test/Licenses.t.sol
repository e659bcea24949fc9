// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IAssetRegistry} from "../src/interfaces/IAssetRegistry.sol";
import {ILicenses, TermsKind} from "../src/interfaces/ILicenses.sol";
import {Permit} from "../src/interfaces/ISettlement.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

contract LicensesTest is Stage {
    uint256 private asset;

    function setUp() public override {
        super.setUp();
        asset = _anAsset();
    }

    function _buy(uint256 termsId) private returns (uint256 licenseId) {
        vm.prank(holder);
        return licenses.buy(termsId, holder, session, PRICE);
    }

    function test_a_time_license_is_good_until_the_second_before_it_expires() public {
        uint256 license = _buy(_offer(asset, TermsKind.TIME));
        uint64 end = uint64(block.timestamp) + MONTH;
        same(licenses.expiresAt(license), end, "expiry");
        vm.warp(end - 1);
        holds(licenses.isValid(license, holder, asset), "good at the last second");
        vm.warp(end);
        holds(!licenses.isValid(license, holder, asset), "over at the expiry");
        vm.warp(end + 1);
        holds(!licenses.isValid(license, holder, asset), "over after it");
    }

    function test_the_price_goes_to_the_asset() public {
        uint256 before = currency.balanceOf(holder);
        _buy(_offer(asset, TermsKind.TIME));
        same(settlement.grossOf(asset), PRICE, "gross");
        same(before - currency.balanceOf(holder), PRICE, "paid");
        same(currency.balanceOf(address(settlement)), PRICE, "held");
        same(currency.balanceOf(address(licenses)), 0, "nothing stays with the licenses");
    }

    function test_full_never_expires_and_is_never_renewed() public {
        uint256 license = _buy(_offer(asset, TermsKind.FULL));
        same(licenses.expiresAt(license), type(uint64).max, "never");
        vm.warp(type(uint64).max - 1);
        holds(licenses.isValid(license, holder, asset), "good");
        holds(!licenses.isRenewable(license), "not renewable");
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotRenewable.selector, license));
        vm.prank(holder);
        licenses.renew(license);
    }

    function test_renewing_adds_to_the_paid_time_or_starts_from_now(uint32 wait) public {
        uint256 license = _buy(_offer(asset, TermsKind.TIME));
        uint256 end = licenses.expiresAt(license);
        vm.warp(block.timestamp + wait);
        uint256 from = end > block.timestamp ? end : block.timestamp;
        vm.prank(holder);
        same(licenses.renew(license), from + MONTH, "expiry");
        same(settlement.grossOf(asset), 2 * PRICE, "paid again");
        holds(licenses.isValid(license, holder, asset), "good");
    }

    function test_a_license_is_good_for_every_version_of_its_series_and_no_other() public {
        uint256 license = _buy(_offer(asset, TermsKind.TIME));
        uint256 next = _register(asset, 0, _none());
        uint256 other = _anAsset();
        holds(licenses.isValid(license, holder, next), "next version");
        holds(!licenses.isValid(license, holder, other), "another series");
        holds(!licenses.isValid(license, holder, 0), "no asset");
        holds(!licenses.isValid(license, holder, 99), "unknown asset");
        holds(!licenses.isValid(license, stranger, asset), "not the holder");
        holds(!licenses.isValid(99, holder, asset), "unknown license");
        holds(!licenses.isValid(99, address(0), asset), "nobody's license");
    }

    function test_a_freeze_stops_use_and_sale_of_that_version_until_it_ends() public {
        uint256 terms = _offer(asset, TermsKind.TIME);
        uint256 license = _buy(terms);
        uint256 next = _register(asset, 0, _none());
        vm.prank(guardian);
        registry.setFrozen(asset, true);
        holds(!licenses.isValid(license, holder, asset), "frozen");
        holds(licenses.isValid(license, holder, next), "the version that mends it");
        holds(!licenses.isRenewable(license), "not renewable");
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.AssetIsFrozen.selector, asset));
        licenses.buy(terms, holder, session, PRICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.AssetIsFrozen.selector, asset));
        licenses.renew(license);
        vm.stopPrank();
        vm.prank(guardian);
        registry.setFrozen(asset, false);
        holds(licenses.isValid(license, holder, asset), "good again");
    }

    function test_a_buyer_never_pays_more_than_the_price_seen(uint128 seen) public {
        uint256 terms = _offer(asset, TermsKind.TIME);
        seen = uint128(within(seen, 0, PRICE - 1));
        vm.expectRevert(abi.encodeWithSelector(ILicenses.PriceAboveLimit.selector, PRICE, seen));
        vm.prank(holder);
        licenses.buy(terms, holder, session, seen);
    }

    function test_new_terms_leave_held_licenses_as_they_were() public {
        uint256 license = _buy(_offer(asset, TermsKind.TIME));
        bytes32 before = keccak256(abi.encode(licenses.getLicense(license), licenses.licenseTerms(license)));
        _offer(asset, TermsKind.TIME, PRICE * 100);
        same(keccak256(abi.encode(licenses.getLicense(license), licenses.licenseTerms(license))), before, "as bought");
        vm.prank(holder);
        licenses.renew(license);
        same(settlement.grossOf(asset), 2 * PRICE, "renewed at its own price");
    }

    function test_an_author_stops_selling_but_takes_nothing_back() public {
        uint256 terms = _offer(asset, TermsKind.TIME);
        uint256 license = _buy(terms);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotAuthor.selector, asset, author, stranger));
        vm.prank(stranger);
        licenses.setActive(terms, false);
        vm.prank(author);
        licenses.setActive(terms, false);
        holds(licenses.isValid(license, holder, asset), "still good");
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotForSale.selector, terms));
        licenses.buy(terms, holder, session, PRICE);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotForSale.selector, terms));
        licenses.renew(license);
    }

    function test_no_more_are_sold_than_offered() public {
        vm.prank(author);
        uint256 terms = licenses.offer(ILicenses.Offer(asset, TermsKind.FULL, 1, 0, 0, true, 2));
        _buy(terms);
        _buy(terms);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.SoldOut.selector, terms, 2));
        vm.prank(holder);
        licenses.buy(terms, holder, session, PRICE);
    }

    function test_terms_that_make_no_sense_are_refused() public {
        _refuse(TermsKind.TIME, 0, 0, 1);
        _refuse(TermsKind.TIME, MONTH, 1, 1);
        _refuse(TermsKind.FULL, MONTH, 0, 1);
        _refuse(TermsKind.FULL, 0, 1, 1);
        _refuse(TermsKind.METERED, MONTH, 0, 1);
        _refuse(TermsKind.FULL, 0, 0, 0);
    }

    function _refuse(TermsKind kind, uint32 duration, uint128 maxCallPrice, uint32 supply) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILicenses.TermsNotSensible.selector, kind, duration, maxCallPrice, supply)
        );
        vm.prank(author);
        licenses.offer(ILicenses.Offer(asset, kind, PRICE, duration, maxCallPrice, true, supply));
    }

    function test_only_the_author_offers() public {
        ILicenses.Offer memory wanted = ILicenses.Offer(asset, TermsKind.FULL, PRICE, 0, 0, true, 1);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotAuthor.selector, asset, author, stranger));
        vm.prank(stranger);
        licenses.offer(wanted);
        wanted.assetId = 99;
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownSeries.selector, 0));
        vm.prank(author);
        licenses.offer(wanted);
    }

    function test_unknown_ids_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ILicenses.UnknownTerms.selector, 9));
        licenses.buy(9, holder, session, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 9));
        licenses.getLicense(9);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 9));
        licenses.renew(9);
    }

    function test_a_sale_leaves_the_seller_nothing() public {
        uint256 license = _buy(_offer(asset, TermsKind.TIME));
        vm.startPrank(holder);
        licenses.approve(relayer, license);
        licenses.transferFrom(holder, stranger, license);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotHolder.selector, license, stranger, holder));
        licenses.setSigner(license, session);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, holder, license));
        licenses.transferFrom(stranger, holder, license);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, relayer, license));
        vm.prank(relayer);
        licenses.transferFrom(stranger, holder, license);
        ILicenses.License memory sold = licenses.getLicense(license);
        same(sold.epoch, 1, "epoch");
        same(sold.voucherSigner, address(0), "no signer");
        holds(!licenses.isValid(license, holder, asset), "not the seller's");
        holds(licenses.isValid(license, stranger, asset), "the buyer's");
    }

    function test_sending_a_license_to_oneself_changes_nothing() public {
        uint256 license = _buy(_offer(asset, TermsKind.TIME));
        bytes32 before = keccak256(abi.encode(licenses.getLicense(license)));
        vm.prank(holder);
        licenses.transferFrom(holder, holder, license);
        same(keccak256(abi.encode(licenses.getLicense(license))), before, "as before");
    }

    function test_terms_may_forbid_a_change_of_hands() public {
        vm.prank(author);
        uint256 terms = licenses.offer(ILicenses.Offer(asset, TermsKind.FULL, 1, 0, 0, false, 1));
        uint256 license = _buy(terms);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotTransferable.selector, license));
        vm.prank(holder);
        licenses.transferFrom(holder, stranger, license);
    }

    function test_a_permit_replaces_the_approval() public {
        uint256 terms = _offer(asset, TermsKind.TIME);
        vm.startPrank(holder);
        currency.approve(address(settlement), 0);
        uint256 license = licenses.buyWithPermit(terms, holder, session, PRICE, _permit(HOLDER_KEY, PRICE));
        licenses.renewWithPermit(license, _permit(HOLDER_KEY, PRICE));
        same(licenses.expiresAt(license), block.timestamp + 2 * MONTH, "expiry");
    }

    function test_a_metered_license_and_its_deposit_take_one_transaction() public {
        uint256 terms = _offer(asset, TermsKind.METERED);
        vm.startPrank(holder);
        currency.approve(address(settlement), 0);
        uint256 license = licenses.buyAndOpenWithPermit(terms, session, PRICE, 20e6, _permit(HOLDER_KEY, PRICE + 20e6));
        same(settlement.getChannel(license, 0).deposited, 20e6, "deposit");
        same(settlement.getChannel(license, 0).payer, holder, "payer");
        same(settlement.grossOf(asset), PRICE, "price");
    }

    function test_a_permit_sent_first_by_someone_else_spoils_nothing() public {
        uint256 terms = _offer(asset, TermsKind.METERED);
        vm.prank(holder);
        currency.approve(address(settlement), 0);
        Permit memory permit = _permit(HOLDER_KEY, PRICE + 20e6);
        vm.prank(stranger);
        currency.permit(holder, address(settlement), permit.value, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(holder);
        uint256 license = licenses.buyAndOpenWithPermit(terms, session, PRICE, 20e6, permit);
        same(settlement.getChannel(license, 0).deposited, 20e6, "deposit");
    }

    function test_a_pause_stops_sales_and_renewals() public {
        uint256 terms = _offer(asset, TermsKind.TIME);
        uint256 license = _buy(terms);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        licenses.pause();
        vm.prank(guardian);
        licenses.pause();
        vm.startPrank(holder);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        licenses.buy(terms, holder, session, PRICE);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        licenses.renew(license);
        holds(licenses.isValid(license, holder, asset), "use goes on");
        holds(!licenses.isRenewable(license), "not renewable");
        vm.stopPrank();
        vm.prank(guardian);
        licenses.unpause();
        _buy(terms);
    }

    function test_a_license_may_be_a_gift_and_its_signer_is_the_holders_choice() public {
        uint256 terms = _offer(asset, TermsKind.METERED);
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.SignerOfAnother.selector, stranger, holder));
        licenses.buy(terms, stranger, session, PRICE);
        uint256 license = licenses.buy(terms, stranger, address(0), PRICE);
        vm.stopPrank();
        same(licenses.ownerOf(license), stranger, "the friend's");
        holds(licenses.isValid(license, stranger, asset), "good");
    }
}
