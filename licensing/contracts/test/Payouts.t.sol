// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IAssetRegistry} from "../src/interfaces/IAssetRegistry.sol";
import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {TermsKind} from "../src/interfaces/ILicenses.sol";
import {Settlement} from "../src/Settlement.sol";
import {TestCurrency} from "../src/TestCurrency.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev A currency that refuses one receiver, or keeps some of what is sent.
contract AwkwardCurrency is ERC20("Awkward", "AWK") {
    address public refused;
    uint256 public kept;

    function set(address refused_, uint256 kept_) external {
        (refused, kept) = (refused_, kept_);
    }

    function faucet(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(to == address(0) || to != refused, "refused");
        super._update(from, to, amount);
        if (kept > 0 && from != address(0)) super._update(to, address(0), kept);
    }
}

contract PayoutsTest is Stage {
    uint256 private asset;
    uint256 private first;
    uint256 private second;

    function setUp() public override {
        super.setUp();
        asset = _anAsset();
        (first, second) = (asset << 64, asset << 64 | 1);
    }

    function _earn(uint128 amount) private {
        uint256 license = _metered(asset, amount);
        _redeem(asset, _item(license, amount, amount));
    }

    function test_earnings_are_divided_after_the_fee() public {
        _earn(1e6);
        same(settlement.feeOf(asset), 25_000, "fee");
        same(settlement.claimable(first), 682_500, "70 %");
        same(settlement.claimable(second), 292_500, "30 %");
        vm.prank(stranger);
        same(settlement.claim(_two(first, second)), 975_000, "claimed");
        same(currency.balanceOf(author), 682_500, "author");
        same(currency.balanceOf(contributor), 292_500, "contributor");
        same(settlement.claimFee(_one(asset)), 25_000, "fee claimed");
        same(currency.balanceOf(treasury), 25_000, "treasury");
        same(currency.balanceOf(address(settlement)), 0, "nothing is left");
    }

    function test_repeated_ids_pay_once() public {
        _earn(1e6);
        same(settlement.claim(_two(first, first)), 682_500, "claimed");
        same(settlement.claim(_one(first)), 0, "again");
        same(settlement.claimFee(_two(asset, asset)), 25_000, "fee");
        same(settlement.claimFee(_one(asset)), 0, "fee again");
    }

    function test_a_claim_goes_to_the_payout_address() public {
        _earn(1e6);
        vm.prank(author);
        receipts.setPayout(first, stranger);
        settlement.claim(_one(first));
        same(currency.balanceOf(stranger), 682_500, "paid there");
        same(currency.balanceOf(author), 0, "not to the holder");
    }

    function test_nobody_claims_for_a_receipt_that_does_not_exist() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, asset << 64 | 2));
        settlement.claim(_one(asset << 64 | 2));
    }

    function test_claiming_often_pays_as_much_as_claiming_once(uint64 seed) public {
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.shares = _shares(9000, 999, 1);
        vm.prank(author);
        uint256 odd = registry.register(registration);
        uint256 license = _metered(odd, 1e6);
        uint256 claimed = 0;
        uint128 total = 0;
        for (uint256 i = 0; i < 20; i++) {
            seed = uint64(uint256(keccak256(abi.encode(seed))));
            total += 1 + seed % 7;
            _redeem(odd, _item(license, total, total));
            claimed += settlement.claim(_one(odd << 64 | seed % 3)) + settlement.claimFee(_one(odd));
        }
        for (uint256 i = 0; i < 3; i++) {
            claimed += settlement.claim(_one(odd << 64 | i));
        }
        same(settlement.paidFeeOf(odd), uint256(total) * 250 / 10_000, "fee");
        uint256 net = total - settlement.paidFeeOf(odd);
        same(settlement.paidOf(odd << 64), net * 9000 / 10_000, "majority");
        same(settlement.paidOf(odd << 64 | 1), net * 999 / 10_000, "minority");
        same(settlement.paidOf(odd << 64 | 2), net / 10_000, "smallest");
        atMost(total - claimed, 4, "dust");
    }

    function test_only_treasury_names_where_the_fee_goes() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        settlement.setTreasury(stranger);
        vm.startPrank(guardian);
        vm.expectRevert(ISettlement.NoTreasury.selector);
        settlement.setTreasury(address(0));
        settlement.setTreasury(stranger);
        same(settlement.treasury(), stranger, "treasury");
    }

    function test_a_sale_and_a_charge_are_one_sum() public {
        uint256 terms = _offer(asset, TermsKind.TIME);
        vm.prank(holder);
        licenses.buy(terms, holder, session, PRICE);
        _earn(1e6);
        same(settlement.grossOf(asset), PRICE + 1e6, "gross");
        same(settlement.earnedOf(first) + settlement.earnedOf(second) + settlement.feeOf(asset), PRICE + 1e6, "sum");
    }

    // The currency

    function _withAwkwardCurrency() private returns (AwkwardCurrency awkward) {
        awkward = new AwkwardCurrency();
        currency = TestCurrency(address(awkward));
        settlement = new Settlement(address(access), IERC20(address(awkward)), registry, treasury, DELAY);
        licenses = settlement.licenses();
        awkward.faucet(holder, 100e6);
        vm.prank(holder);
        awkward.approve(address(settlement), type(uint256).max);
    }

    function test_a_receiver_that_the_currency_refuses_holds_up_nobody_else() public {
        AwkwardCurrency awkward = _withAwkwardCurrency();
        _earn(1e6);
        awkward.set(author, 0);
        vm.expectRevert("refused");
        settlement.claim(_one(first));
        same(settlement.claim(_one(second)), 292_500, "the other receipt");
        same(settlement.claimFee(_one(asset)), 25_000, "the fee");
        vm.prank(author);
        receipts.setPayout(first, stranger);
        same(settlement.claim(_one(first)), 682_500, "by another payout address");
    }

    function test_a_currency_that_keeps_some_of_a_transfer_is_refused() public {
        AwkwardCurrency awkward = _withAwkwardCurrency();
        uint256 terms = _offer(asset, TermsKind.METERED);
        awkward.set(address(0), 1);
        bytes memory short = abi.encodeWithSelector(ISettlement.CurrencyShort.selector, PRICE, PRICE - 1);
        vm.expectRevert(short);
        vm.prank(holder);
        licenses.buy(terms, holder, session, PRICE);
        awkward.set(address(0), 0);
        uint256 license = _metered(asset, 1e6);
        awkward.set(address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.CurrencyShort.selector, 1e6, 1e6 - 1));
        vm.prank(holder);
        settlement.topUp(license, 0, 1e6);
    }

    function test_the_faucet_has_a_limit_for_each_account() public {
        same(currency.decimals(), 6, "decimals");
        currency.faucet(stranger, 60_000e6);
        vm.expectRevert(abi.encodeWithSelector(TestCurrency.FaucetLimit.selector, stranger, 40_000e6 + 1, 40_000e6));
        currency.faucet(stranger, 40_000e6 + 1);
        currency.faucet(stranger, 40_000e6);
        same(currency.balanceOf(stranger), 100_000e6, "balance");
    }

    function test_the_test_currency_refuses_other_chains() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(TestCurrency.OnlyLocalChain.selector, 1));
        new TestCurrency();
    }
}
